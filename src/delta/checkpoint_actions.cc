#include "delta/checkpoint_actions.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <limits>
#include <utility>

#include "delta/action_reader.h"
#include "delta/checkpoint_columns.h"
#include "delta/data_path.h"
#include "delta/schema.h"

namespace rtl::delta {
namespace {

Result<int> VersionNumber(std::optional<std::int64_t> value) {
  if (!value || *value < 0 || *value > std::numeric_limits<int>::max()) {
    return Fail(ErrorKind::kBadData, "a protocol action without its versions");
  }
  return static_cast<int>(*value);
}

Result<> TakeProtocol(const StructColumn& protocols, std::vector<Action>& actions) {
  if (!protocols) return {};
  RTL_TRY(const auto reader, IntColumn::Find(protocols, "minReaderVersion"));
  RTL_TRY(const auto writer, IntColumn::Find(protocols, "minWriterVersion"));
  RTL_TRY(const auto reader_features, StringListColumn::Find(protocols, "readerFeatures"));
  RTL_TRY(const auto writer_features, StringListColumn::Find(protocols, "writerFeatures"));
  for (std::int64_t row = 0; row < protocols->length(); ++row) {
    if (protocols->IsNull(row)) continue;
    Protocol protocol;
    RTL_TRY(protocol.min_reader_version, VersionNumber(reader.At(row)));
    RTL_TRY(protocol.min_writer_version, VersionNumber(writer.At(row)));
    protocol.reader_features = reader_features.At(row);
    protocol.writer_features = writer_features.At(row);
    actions.emplace_back(std::move(protocol));
  }
  return {};
}

Result<> TakeMetadata(const StructColumn& metadatas, std::vector<Action>& actions) {
  if (!metadatas) return {};
  RTL_TRY(const auto ids, StringColumn::Find(metadatas, "id"));
  RTL_TRY(const auto names, StringColumn::Find(metadatas, "name"));
  RTL_TRY(const auto descriptions, StringColumn::Find(metadatas, "description"));
  RTL_TRY(const auto formats, FindStruct(metadatas, "format"));
  RTL_TRY(const auto providers, StringColumn::Find(formats, "provider"));
  RTL_TRY(const auto schemas, StringColumn::Find(metadatas, "schemaString"));
  RTL_TRY(const auto partition_columns, StringListColumn::Find(metadatas, "partitionColumns"));
  RTL_TRY(const auto configurations, StringMapColumn::Find(metadatas, "configuration"));
  RTL_TRY(const auto created_times, IntColumn::Find(metadatas, "createdTime"));
  for (std::int64_t row = 0; row < metadatas->length(); ++row) {
    if (metadatas->IsNull(row)) continue;
    const auto id = ids.At(row);
    if (!id) return Fail(ErrorKind::kBadData, "a metaData action without an id");
    if (const auto provider = providers.At(row); provider && *provider != "parquet") {
      return Fail(ErrorKind::kUnsupported, fmt::format("data file format {}", *provider));
    }
    Metadata metadata{.id = std::string(*id),
                      .name = std::string(names.At(row).value_or("")),
                      .description = std::string(descriptions.At(row).value_or("")),
                      .partition_columns = partition_columns.At(row),
                      .configuration = configurations.At(row),
                      .created_time_ms = created_times.At(row)};
    if (const auto schema = schemas.At(row)) {
      RTL_TRY(metadata.schema, ParseSchema(*schema));
    }
    actions.emplace_back(std::move(metadata));
  }
  return {};
}

Result<> TakeTxns(const StructColumn& txns, std::vector<Action>& actions) {
  RTL_TRY(const auto app_ids, StringColumn::Find(txns, "appId"));
  RTL_TRY(const auto versions, IntColumn::Find(txns, "version"));
  RTL_TRY(const auto updated, IntColumn::Find(txns, "lastUpdated"));
  for (std::int64_t row = 0; txns && row < txns->length(); ++row) {
    if (txns->IsNull(row)) continue;
    const auto app_id = app_ids.At(row);
    const auto version = versions.At(row);
    if (!app_id || !version) return Fail(ErrorKind::kBadData, "a txn action without app id or version");
    actions.emplace_back(
        Txn{.app_id = std::string(*app_id), .version = *version, .last_updated_ms = updated.At(row)});
  }
  return {};
}

Result<> TakeDomains(const StructColumn& domains, std::vector<Action>& actions) {
  RTL_TRY(const auto names, StringColumn::Find(domains, "domain"));
  RTL_TRY(const auto configurations, StringColumn::Find(domains, "configuration"));
  RTL_TRY(const auto removed, BoolColumn::Find(domains, "removed"));
  for (std::int64_t row = 0; domains && row < domains->length(); ++row) {
    if (domains->IsNull(row)) continue;
    const auto name = names.At(row);
    if (!name) return Fail(ErrorKind::kBadData, "a domainMetadata action without a domain");
    actions.emplace_back(DomainMetadata{.domain = std::string(*name),
                                        .configuration = std::string(configurations.At(row).value_or("")),
                                        .removed = removed.At(row).value_or(false)});
  }
  return {};
}

struct VectorColumns {
  StringColumn storage_types;
  StringColumn paths;
  IntColumn offsets;
  IntColumn sizes;
  IntColumn cardinalities;
  IntColumn max_rows;

  static Result<VectorColumns> Find(const StructColumn& vectors) {
    VectorColumns columns;
    RTL_TRY(columns.storage_types, StringColumn::Find(vectors, "storageType"));
    RTL_TRY(columns.paths, StringColumn::Find(vectors, "pathOrInlineDv"));
    RTL_TRY(columns.offsets, IntColumn::Find(vectors, "offset"));
    RTL_TRY(columns.sizes, IntColumn::Find(vectors, "sizeInBytes"));
    RTL_TRY(columns.cardinalities, IntColumn::Find(vectors, "cardinality"));
    RTL_TRY(columns.max_rows, IntColumn::Find(vectors, "maxRowIndex"));
    return columns;
  }

  Result<std::optional<DeletionVectorDescriptor>> At(std::int64_t row) const {
    const auto storage_type = storage_types.At(row);
    if (!storage_type) return std::nullopt;
    const auto path = paths.At(row);
    const auto size = sizes.At(row);
    const auto cardinality = cardinalities.At(row);
    const auto offset = offsets.At(row);
    constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
    if (!path || !size || !cardinality || *size > kMax || offset.value_or(0) < 0 ||
        offset.value_or(0) > kMax) {
      return Fail(ErrorKind::kBadData,
                  "a deletion vector without path, size or cardinality, or out of range");
    }
    DeletionVectorDescriptor vector{.path_or_inline = std::string(*path),
                                    .size_in_bytes = static_cast<std::int32_t>(*size),
                                    .cardinality = *cardinality,
                                    .max_row_index = max_rows.At(row)};
    if (offset) vector.offset = static_cast<std::int32_t>(*offset);
    RTL_CHECK(CheckVector(*storage_type, vector));
    return vector;
  }
};

// Fields that add and remove share.
struct FileColumns {
  StringColumn paths;
  VectorColumns vectors;
  StringMapColumn partition_values;
  IntColumn sizes;
  BoolColumn data_changes;

  static Result<FileColumns> Find(const StructColumn& actions) {
    FileColumns columns;
    RTL_TRY(columns.paths, StringColumn::Find(actions, "path"));
    RTL_TRY(const auto vectors, FindStruct(actions, "deletionVector"));
    RTL_TRY(columns.vectors, VectorColumns::Find(vectors));
    RTL_TRY(columns.partition_values, StringMapColumn::Find(actions, "partitionValues"));
    RTL_TRY(columns.sizes, IntColumn::Find(actions, "size"));
    RTL_TRY(columns.data_changes, BoolColumn::Find(actions, "dataChange"));
    return columns;
  }

  template <typename FileAction>
  Result<> Fill(std::int64_t row, FileAction& action) const {
    const auto uri = paths.At(row);
    if (!uri) return Fail(ErrorKind::kBadData, "a file action without a path");
    action.path = DecodePath(*uri);
    RTL_TRY(action.deletion_vector, vectors.At(row));
    if (EncodePath(action.path) != *uri) action.path_in_log = *uri;
    action.partition_values = partition_values.NullableAt(row);
    action.data_change = data_changes.At(row).value_or(false);
    return {};
  }
};

Result<> TakeAdds(const StructColumn& adds, std::vector<Action>& actions) {
  if (!adds) return {};
  RTL_TRY(const auto files, FileColumns::Find(adds));
  RTL_TRY(const auto modification_times, IntColumn::Find(adds, "modificationTime"));
  RTL_TRY(const auto stats, StringColumn::Find(adds, "stats"));
  RTL_TRY(const auto tags, StringMapColumn::Find(adds, "tags"));
  actions.reserve(actions.size() + static_cast<std::size_t>(adds->length() - adds->null_count()));
  for (std::int64_t row = 0; row < adds->length(); ++row) {
    if (adds->IsNull(row)) continue;
    Add& add = std::get<Add>(actions.emplace_back(std::in_place_type<Add>));
    RTL_CHECK(files.Fill(row, add));
    const auto size = files.sizes.At(row);
    if (!size) return Fail(ErrorKind::kBadData, fmt::format("file {} has no size", add.path));
    add.size = *size;
    add.modification_time_ms = modification_times.At(row).value_or(0);
    add.stats = stats.At(row).value_or("");
    add.tags = tags.At(row);
  }
  return {};
}

Result<> TakeRemoves(const StructColumn& removes, std::vector<Action>& actions) {
  if (!removes) return {};
  RTL_TRY(const auto files, FileColumns::Find(removes));
  RTL_TRY(const auto timestamps, IntColumn::Find(removes, "deletionTimestamp"));
  for (std::int64_t row = 0; row < removes->length(); ++row) {
    if (removes->IsNull(row)) continue;
    Remove& remove = std::get<Remove>(actions.emplace_back(std::in_place_type<Remove>));
    RTL_CHECK(files.Fill(row, remove));
    remove.deletion_timestamp_ms = timestamps.At(row);
    remove.size = files.sizes.At(row);
  }
  return {};
}

Result<> TakeCheckpointMetadata(const StructColumn& rows, std::vector<CheckpointMetadata>& metadatas) {
  if (!rows) return {};
  RTL_TRY(const auto versions, IntColumn::Find(rows, "version"));
  RTL_TRY(const auto tags, StringMapColumn::Find(rows, "tags"));
  for (std::int64_t row = 0; row < rows->length(); ++row) {
    if (rows->IsNull(row)) continue;
    const auto version = versions.At(row);
    if (!version) return Fail(ErrorKind::kBadData, "a checkpointMetadata action without a version");
    metadatas.push_back({.version = *version, .tags = tags.At(row)});
  }
  return {};
}

Result<> TakeSidecars(const StructColumn& rows, std::vector<Sidecar>& sidecars) {
  if (!rows) return {};
  RTL_TRY(const auto paths, StringColumn::Find(rows, "path"));
  RTL_TRY(const auto sizes, IntColumn::Find(rows, "sizeInBytes"));
  RTL_TRY(const auto times, IntColumn::Find(rows, "modificationTime"));
  RTL_TRY(const auto tags, StringMapColumn::Find(rows, "tags"));
  for (std::int64_t row = 0; row < rows->length(); ++row) {
    if (rows->IsNull(row)) continue;
    const auto path = paths.At(row);
    const auto size = sizes.At(row);
    if (!path || !size) return Fail(ErrorKind::kBadData, "a sidecar action without path or size");
    sidecars.push_back({.path = DecodePath(*path),
                        .size = *size,
                        .modification_time_ms = times.At(row).value_or(0),
                        .tags = tags.At(row)});
  }
  return {};
}

}  // namespace

Result<> ReadCheckpointRows(const arrow::RecordBatch& rows, CheckpointBatch& out) {
  RTL_TRY(const auto metadata, FindStruct(rows, "checkpointMetadata"));
  RTL_CHECK(TakeCheckpointMetadata(metadata, out.metadatas));
  RTL_TRY(const auto sidecars, FindStruct(rows, "sidecar"));
  RTL_CHECK(TakeSidecars(sidecars, out.sidecars));
  RTL_TRY(const auto protocols, FindStruct(rows, "protocol"));
  RTL_CHECK(TakeProtocol(protocols, out.actions));
  RTL_TRY(const auto metadatas, FindStruct(rows, "metaData"));
  RTL_CHECK(TakeMetadata(metadatas, out.actions));
  RTL_TRY(const auto txns, FindStruct(rows, "txn"));
  RTL_CHECK(TakeTxns(txns, out.actions));
  RTL_TRY(const auto domains, FindStruct(rows, "domainMetadata"));
  RTL_CHECK(TakeDomains(domains, out.actions));
  RTL_TRY(const auto removes, FindStruct(rows, "remove"));
  RTL_CHECK(TakeRemoves(removes, out.actions));
  RTL_TRY(const auto adds, FindStruct(rows, "add"));
  return TakeAdds(adds, out.actions);
}

}  // namespace rtl::delta
