#include "delta/action_reader.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "delta/data_path.h"
#include "delta/json_fields.h"
#include "delta/schema.h"

namespace rtl::delta {
namespace {

Result<int> GetVersionNumber(JsonObject object, std::string_view field) {
  RTL_TRY(const std::int64_t value, GetInt(object, field));
  if (value < 0 || value > std::numeric_limits<int>::max()) {
    return Fail(ErrorKind::kBadData, fmt::format("field {} is out of range", field));
  }
  return static_cast<int>(value);
}

Result<std::int32_t> GetInt32(JsonObject object, std::string_view field) {
  RTL_TRY(const std::int64_t value, GetInt(object, field));
  if (value < 0 || value > std::numeric_limits<std::int32_t>::max()) {
    return Fail(ErrorKind::kBadData, fmt::format("field {} is out of range", field));
  }
  return static_cast<std::int32_t>(value);
}

Result<DeletionVectorDescriptor> ReadVector(JsonObject object) {
  DeletionVectorDescriptor vector;
  RTL_TRY(const std::string storage_type, GetString(object, "storageType"));
  RTL_TRY(vector.path_or_inline, GetString(object, "pathOrInlineDv"));
  RTL_TRY(const auto offset, FindInt(object, "offset"));
  if (offset) {
    RTL_TRY(vector.offset, GetInt32(object, "offset"));
  }
  RTL_TRY(vector.size_in_bytes, GetInt32(object, "sizeInBytes"));
  RTL_TRY(vector.cardinality, GetInt(object, "cardinality"));
  RTL_TRY(vector.max_row_index, FindInt(object, "maxRowIndex"));
  RTL_CHECK(CheckVector(storage_type, vector));
  return vector;
}

template <typename FileAction>
Result<> ReadPath(JsonObject object, FileAction& action) {
  RTL_TRY(const std::string uri, GetString(object, "path"));
  action.path = DecodePath(uri);
  if (EncodePath(action.path) != uri) action.path_in_log = uri;
  return {};
}

template <typename FileAction>
Result<> ReadLogicalFile(JsonObject object, FileAction& action) {
  RTL_CHECK(ReadPath(object, action));
  RTL_TRY(const auto vector, FindObject(object, "deletionVector"));
  if (!vector) return {};
  auto descriptor = ReadVector(*vector);
  if (!descriptor) return Fail(descriptor.error().Wrap(fmt::format("deletionVector of {}", action.path)));
  action.deletion_vector = std::move(*descriptor);
  return {};
}

Result<Add> ReadAdd(JsonObject object) {
  Add add;
  RTL_CHECK(ReadLogicalFile(object, add));
  RTL_TRY(add.partition_values, FindNullableMap(object, "partitionValues"));
  RTL_TRY(add.size, GetInt(object, "size"));
  RTL_TRY(const auto modification_time, FindInt(object, "modificationTime"));
  add.modification_time_ms = modification_time.value_or(0);
  RTL_TRY(const auto data_change, FindBool(object, "dataChange"));
  add.data_change = data_change.value_or(true);
  RTL_TRY(auto stats, FindString(object, "stats"));
  add.stats = std::move(stats).value_or("");
  RTL_TRY(add.tags, FindStringMap(object, "tags"));
  return add;
}

Result<Remove> ReadRemove(JsonObject object) {
  Remove remove;
  RTL_CHECK(ReadLogicalFile(object, remove));
  RTL_TRY(remove.deletion_timestamp_ms, FindInt(object, "deletionTimestamp"));
  RTL_TRY(const auto data_change, FindBool(object, "dataChange"));
  remove.data_change = data_change.value_or(true);
  RTL_TRY(remove.size, FindInt(object, "size"));
  RTL_TRY(remove.partition_values, FindNullableMap(object, "partitionValues"));
  RTL_TRY(remove.tags, FindStringMap(object, "tags"));
  return remove;
}

Result<AddCdc> ReadAddCdc(JsonObject object) {
  AddCdc cdc;
  RTL_TRY(const std::string uri, GetString(object, "path"));
  cdc.path = DecodePath(uri);
  RTL_TRY(cdc.partition_values, FindNullableMap(object, "partitionValues"));
  RTL_TRY(cdc.size, GetInt(object, "size"));
  RTL_TRY(cdc.tags, FindStringMap(object, "tags"));
  return cdc;
}

Result<CheckpointMetadata> ReadCheckpointMetadata(JsonObject object) {
  CheckpointMetadata metadata;
  RTL_TRY(metadata.version, GetInt(object, "version"));
  RTL_TRY(metadata.tags, FindStringMap(object, "tags"));
  return metadata;
}

Result<Sidecar> ReadSidecar(JsonObject object) {
  Sidecar sidecar;
  RTL_TRY(const std::string uri, GetString(object, "path"));
  sidecar.path = DecodePath(uri);
  RTL_TRY(sidecar.size, GetInt(object, "sizeInBytes"));
  RTL_TRY(const auto modification_time, FindInt(object, "modificationTime"));
  sidecar.modification_time_ms = modification_time.value_or(0);
  RTL_TRY(sidecar.tags, FindStringMap(object, "tags"));
  return sidecar;
}

Result<CommitInfo> ReadCommitInfo(JsonObject object) {
  return CommitInfo{simdjson::minify(object)};
}

template <typename Reader, typename Take>
Result<> ReadOne(JsonObject line, std::string_view name, const Reader& reader, const Take& take) {
  const auto object = FindObject(line, name);
  if (!object) return Fail(object.error());
  if (!*object) return {};
  auto action = reader(**object);
  if (!action) return Fail(action.error().Wrap(name));
  take(std::move(*action));
  return {};
}

}  // namespace

Result<Protocol> ReadProtocol(JsonObject object) {
  Protocol protocol;
  RTL_TRY(protocol.min_reader_version, GetVersionNumber(object, "minReaderVersion"));
  RTL_TRY(protocol.min_writer_version, GetVersionNumber(object, "minWriterVersion"));
  RTL_TRY(protocol.reader_features, FindStrings(object, "readerFeatures"));
  RTL_TRY(protocol.writer_features, FindStrings(object, "writerFeatures"));
  return protocol;
}

Result<Metadata> ReadMetadata(JsonObject object) {
  Metadata metadata;
  RTL_TRY(metadata.id, GetString(object, "id"));
  RTL_TRY(auto name, FindString(object, "name"));
  metadata.name = std::move(name).value_or("");
  RTL_TRY(auto description, FindString(object, "description"));
  metadata.description = std::move(description).value_or("");
  RTL_TRY(const auto format, FindObject(object, "format"));
  if (format) {
    RTL_TRY(const auto provider, FindString(*format, "provider"));
    if (provider && *provider != "parquet") {
      return Fail(ErrorKind::kUnsupported, fmt::format("data file format {}", *provider));
    }
  }
  // A table may exist before it has a schema.
  RTL_TRY(const auto schema, FindString(object, "schemaString"));
  if (schema) {
    RTL_TRY(metadata.schema, ParseSchema(*schema));
  }
  RTL_TRY(metadata.partition_columns, FindStrings(object, "partitionColumns"));
  RTL_TRY(metadata.configuration, FindStringMap(object, "configuration"));
  RTL_TRY(metadata.created_time_ms, FindInt(object, "createdTime"));
  return metadata;
}

Result<Txn> ReadTxn(JsonObject object) {
  Txn txn;
  RTL_TRY(txn.app_id, GetString(object, "appId"));
  RTL_TRY(txn.version, GetInt(object, "version"));
  RTL_TRY(txn.last_updated_ms, FindInt(object, "lastUpdated"));
  return txn;
}

Result<DomainMetadata> ReadDomainMetadata(JsonObject object) {
  DomainMetadata domain;
  RTL_TRY(domain.domain, GetString(object, "domain"));
  RTL_TRY(auto configuration, FindString(object, "configuration"));
  domain.configuration = std::move(configuration).value_or("");
  RTL_TRY(const auto removed, FindBool(object, "removed"));
  domain.removed = removed.value_or(false);
  return domain;
}

// Protocol: "Deletion Vector Descriptor Schema".
Result<> CheckVector(std::string_view storage_type, DeletionVectorDescriptor& vector) {
  if (storage_type.size() != 1 || !std::string_view("uip").contains(storage_type[0])) {
    return Fail(ErrorKind::kBadData, fmt::format("unknown storageType {}", storage_type));
  }
  vector.storage_type = storage_type[0];
  if (vector.cardinality < 0 || vector.max_row_index.value_or(0) < 0 || vector.size_in_bytes < 0) {
    return Fail(ErrorKind::kBadData, "a negative number");
  }
  return {};
}

Result<> ReadActions(simdjson::dom::object line, std::vector<Action>& actions) {
  const auto take = [&](auto&& action) { actions.emplace_back(std::forward<decltype(action)>(action)); };
  RTL_CHECK(ReadOne(line, "commitInfo", ReadCommitInfo, take));
  RTL_CHECK(ReadOne(line, "protocol", ReadProtocol, take));
  RTL_CHECK(ReadOne(line, "metaData", ReadMetadata, take));
  RTL_CHECK(ReadOne(line, "txn", ReadTxn, take));
  RTL_CHECK(ReadOne(line, "domainMetadata", ReadDomainMetadata, take));
  RTL_CHECK(ReadOne(line, "cdc", ReadAddCdc, take));
  RTL_CHECK(ReadOne(line, "remove", ReadRemove, take));
  return ReadOne(line, "add", ReadAdd, take);
}

Result<> ReadCheckpointActions(simdjson::dom::object line, CheckpointLine& out) {
  RTL_CHECK(ReadOne(line, "checkpointMetadata", ReadCheckpointMetadata,
                    [&](CheckpointMetadata metadata) { out.metadata = std::move(metadata); }));
  RTL_CHECK(
      ReadOne(line, "sidecar", ReadSidecar, [&](Sidecar sidecar) { out.sidecar = std::move(sidecar); }));
  return ReadActions(line, out.actions);
}

}  // namespace rtl::delta
