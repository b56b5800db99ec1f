#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "core/json_writer.h"
#include "delta/action_lines.h"
#include "delta/action_reader.h"
#include "delta/action_writer.h"
#include "delta/check_actions.h"
#include "delta/data_path.h"
#include "delta/table.h"

namespace rtl::delta {
namespace {

void WriteStrings(JsonWriter& json, std::string_view key, const std::vector<std::string>& values) {
  json.Key(key).BeginArray();
  for (const std::string& value : values) json.String(value);
  json.EndArray();
}

void WriteMap(JsonWriter& json, std::string_view key, const std::map<std::string, std::string>& map) {
  json.Key(key).BeginObject();
  for (const auto& [name, value] : map) json.Key(name).String(value);
  json.EndObject();
}

void WriteMap(JsonWriter& json, std::string_view key,
              const std::map<std::string, std::optional<std::string>>& map) {
  json.Key(key).BeginObject();
  for (const auto& [name, value] : map) {
    json.Key(name);
    value ? json.String(*value) : json.Null();
  }
  json.EndObject();
}

template <typename FileAction>
std::string PathInLog(const FileAction& action) {
  return action.path_in_log.empty() ? EncodePath(action.path) : action.path_in_log;
}

void WriteVector(JsonWriter& json, const std::optional<DeletionVectorDescriptor>& vector) {
  if (!vector) return;
  json.Key("deletionVector").BeginObject();
  json.Key("storageType").String(std::string_view(&vector->storage_type, 1));
  json.Key("pathOrInlineDv").String(vector->path_or_inline);
  if (vector->offset) json.Key("offset").Int(*vector->offset);
  json.Key("sizeInBytes").Int(vector->size_in_bytes);
  json.Key("cardinality").Int(vector->cardinality);
  if (vector->max_row_index) json.Key("maxRowIndex").Int(*vector->max_row_index);
  json.EndObject();
}

void Write(JsonWriter& json, const Protocol& protocol) {
  json.Key("protocol");
  WriteObject(json, protocol);
}

void Write(JsonWriter& json, const Metadata& metadata) {
  json.Key("metaData");
  WriteObject(json, metadata);
}

void Write(JsonWriter& json, const Add& add) {
  json.Key("add").BeginObject();
  json.Key("path").String(PathInLog(add));
  WriteMap(json, "partitionValues", add.partition_values);
  json.Key("size").Int(add.size);
  json.Key("modificationTime").Int(add.modification_time_ms);
  json.Key("dataChange").Bool(add.data_change);
  if (!add.stats.empty()) json.Key("stats").String(add.stats);
  if (!add.tags.empty()) WriteMap(json, "tags", add.tags);
  WriteVector(json, add.deletion_vector);
  json.EndObject();
}

void Write(JsonWriter& json, const Remove& remove) {
  json.Key("remove").BeginObject();
  json.Key("path").String(PathInLog(remove));
  if (remove.deletion_timestamp_ms) json.Key("deletionTimestamp").Int(*remove.deletion_timestamp_ms);
  json.Key("dataChange").Bool(remove.data_change);
  if (remove.size) {
    json.Key("extendedFileMetadata").Bool(true);
    WriteMap(json, "partitionValues", remove.partition_values);
    json.Key("size").Int(*remove.size);
    if (!remove.tags.empty()) WriteMap(json, "tags", remove.tags);
  }
  WriteVector(json, remove.deletion_vector);
  json.EndObject();
}

// Protocol, "Add CDC File": dataChange is always false.
void Write(JsonWriter& json, const AddCdc& cdc) {
  json.Key("cdc").BeginObject();
  json.Key("path").String(EncodePath(cdc.path));
  WriteMap(json, "partitionValues", cdc.partition_values);
  json.Key("size").Int(cdc.size);
  json.Key("dataChange").Bool(false);
  if (!cdc.tags.empty()) WriteMap(json, "tags", cdc.tags);
  json.EndObject();
}

void Write(JsonWriter& json, const DomainMetadata& domain) {
  json.Key("domainMetadata");
  WriteObject(json, domain);
}

void Write(JsonWriter& json, const Txn& txn) {
  json.Key("txn");
  WriteObject(json, txn);
}

void Write(JsonWriter& json, const CommitInfo& info) {
  json.Key("commitInfo").Raw(info.json);
}

void AppendLine(std::string& bytes, const Action& action) {
  JsonWriter json;
  json.BeginObject();
  std::visit([&](const auto& value) { Write(json, value); }, action);
  json.EndObject();
  bytes += json.text();
  bytes += '\n';
}

Result<std::vector<Action>> ParseActionLines(std::string_view bytes) {
  const simdjson::padded_string padded(bytes);
  LineParser lines;
  std::vector<Action> actions;
  RTL_CHECK(lines.ForEachLine(
      padded, [&](simdjson::dom::object line) -> Result<> { return ReadActions(line, actions); }));
  if (lines.lines() == 0) return Fail(ErrorKind::kBadData, "an empty file");
  return actions;
}

}  // namespace

void WriteObject(JsonWriter& json, const Protocol& protocol) {
  json.BeginObject();
  json.Key("minReaderVersion").Int(protocol.min_reader_version);
  json.Key("minWriterVersion").Int(protocol.min_writer_version);
  if (protocol.min_reader_version >= 3) WriteStrings(json, "readerFeatures", protocol.reader_features);
  if (protocol.min_writer_version >= 7) WriteStrings(json, "writerFeatures", protocol.writer_features);
  json.EndObject();
}

void WriteObject(JsonWriter& json, const Metadata& metadata) {
  json.BeginObject();
  json.Key("id").String(metadata.id);
  if (!metadata.name.empty()) json.Key("name").String(metadata.name);
  if (!metadata.description.empty()) json.Key("description").String(metadata.description);
  json.Key("format").Raw(R"({"provider":"parquet","options":{}})");
  json.Key("schemaString").String(ToSchemaString(metadata.schema));
  WriteStrings(json, "partitionColumns", metadata.partition_columns);
  WriteMap(json, "configuration", metadata.configuration);
  if (metadata.created_time_ms) json.Key("createdTime").Int(*metadata.created_time_ms);
  json.EndObject();
}

void WriteObject(JsonWriter& json, const DomainMetadata& domain) {
  json.BeginObject();
  json.Key("domain").String(domain.domain);
  json.Key("configuration").String(domain.configuration);
  json.Key("removed").Bool(domain.removed);
  json.EndObject();
}

void WriteObject(JsonWriter& json, const Txn& txn) {
  json.BeginObject();
  json.Key("appId").String(txn.app_id);
  json.Key("version").Int(txn.version);
  if (txn.last_updated_ms) json.Key("lastUpdated").Int(*txn.last_updated_ms);
  json.EndObject();
}

Remove RemoveOf(const Add& add, std::int64_t deletion_timestamp_ms, bool data_change) {
  return Remove{.path = add.path,
                .deletion_timestamp_ms = deletion_timestamp_ms,
                .data_change = data_change,
                .size = add.size,
                .partition_values = add.partition_values,
                .tags = add.tags,
                .path_in_log = add.path_in_log,
                .deletion_vector = add.deletion_vector};
}

std::string ToCommitBytes(std::span<const Action> actions) {
  std::string bytes;
  for (const Action& action : actions) {
    if (std::holds_alternative<CommitInfo>(action)) AppendLine(bytes, action);
  }
  for (const Action& action : actions) {
    if (!std::holds_alternative<CommitInfo>(action)) AppendLine(bytes, action);
  }
  return bytes;
}

Result<std::vector<Action>> ParseCommitBytes(std::string_view bytes) {
  RTL_TRY(auto actions, ParseActionLines(bytes));
  RTL_CHECK(CheckConsistent(actions));
  return actions;
}

Result<std::vector<Action>> ParseCompactionBytes(std::string_view bytes) {
  RTL_TRY(auto actions, ParseActionLines(bytes));
  // Of none of the commits in particular, so it says nothing.
  std::erase_if(actions, [](const Action& action) { return std::holds_alternative<CommitInfo>(action); });
  RTL_CHECK(CheckReconciled(actions));
  return actions;
}

}  // namespace rtl::delta
