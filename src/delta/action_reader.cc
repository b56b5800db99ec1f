#include "delta/action_reader.h"

#include <fmt/format.h>

#include <limits>

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

template <typename FileAction>
Result<> ReadPath(JsonObject object, FileAction& action) {
  RTL_TRY(const std::string uri, GetString(object, "path"));
  action.path = DecodePath(uri);
  if (EncodePath(action.path) != uri) action.path_in_log = uri;
  RTL_TRY(const auto vector, FindObject(object, "deletionVector"));
  if (vector) {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("file {} has a deletion vector (table feature deletionVectors)", uri));
  }
  return {};
}

Result<Add> ReadAdd(JsonObject object) {
  Add add;
  RTL_CHECK(ReadPath(object, add));
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
  RTL_CHECK(ReadPath(object, remove));
  RTL_TRY(remove.deletion_timestamp_ms, FindInt(object, "deletionTimestamp"));
  RTL_TRY(const auto data_change, FindBool(object, "dataChange"));
  remove.data_change = data_change.value_or(true);
  RTL_TRY(remove.size, FindInt(object, "size"));
  RTL_TRY(remove.partition_values, FindNullableMap(object, "partitionValues"));
  RTL_TRY(remove.tags, FindStringMap(object, "tags"));
  return remove;
}

Result<Txn> ReadTxn(JsonObject object) {
  Txn txn;
  RTL_TRY(txn.app_id, GetString(object, "appId"));
  RTL_TRY(txn.version, GetInt(object, "version"));
  RTL_TRY(txn.last_updated_ms, FindInt(object, "lastUpdated"));
  return txn;
}

Result<CommitInfo> ReadCommitInfo(JsonObject object) {
  return CommitInfo{simdjson::minify(object)};
}

template <typename Reader>
Result<> ReadOne(JsonObject line, std::string_view name, const Reader& reader, std::vector<Action>& actions) {
  const auto object = FindObject(line, name);
  if (!object) return Fail(object.error());
  if (!*object) return {};
  auto action = reader(**object);
  if (!action) return Fail(action.error().Wrap(name));
  actions.emplace_back(std::move(*action));
  return {};
}

}  // namespace

Result<> ReadActions(simdjson::dom::object line, std::vector<Action>& actions) {
  RTL_CHECK(ReadOne(line, "commitInfo", ReadCommitInfo, actions));
  RTL_CHECK(ReadOne(line, "protocol", ReadProtocol, actions));
  RTL_CHECK(ReadOne(line, "metaData", ReadMetadata, actions));
  RTL_CHECK(ReadOne(line, "txn", ReadTxn, actions));
  RTL_CHECK(ReadOne(line, "remove", ReadRemove, actions));
  return ReadOne(line, "add", ReadAdd, actions);
}

}  // namespace rtl::delta
