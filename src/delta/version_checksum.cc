#include "delta/version_checksum.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "core/json_writer.h"
#include "delta/action_reader.h"
#include "delta/action_writer.h"
#include "delta/json_fields.h"

namespace rtl::delta {
namespace {

constexpr std::size_t kMaxListed = 100;

template <typename T, typename Read>
Result<std::optional<std::vector<T>>> FindArray(JsonObject object, std::string_view field, const Read& read) {
  simdjson::dom::element element;
  if (object.at_key(field).get(element) != simdjson::SUCCESS || element.is_null()) return std::nullopt;
  const auto wrong = [&] { return Fail(ErrorKind::kBadData, fmt::format("field {} is no array", field)); };
  simdjson::dom::array array;
  if (element.get(array) != simdjson::SUCCESS) return wrong();
  std::vector<T> items;
  for (const auto item : array) {
    JsonObject fields;
    if (item.get(fields) != simdjson::SUCCESS) return wrong();
    RTL_TRY(items.emplace_back(), read(fields));
  }
  return std::optional(std::move(items));
}

template <typename T>
Result<T> GetAction(JsonObject object, std::string_view field, Result<T> (*read)(JsonObject)) {
  RTL_TRY(const auto action, FindObject(object, field));
  if (!action) return Fail(ErrorKind::kBadData, fmt::format("field {} is missing", field));
  return read(*action);
}

template <typename T>
void WriteArray(JsonWriter& json, std::string_view name, const std::optional<std::vector<T>>& items) {
  if (!items) return;
  json.Key(name).BeginArray();
  for (const T& item : *items) WriteObject(json, item);
  json.EndArray();
}

template <typename T>
std::optional<std::vector<T>> Listed(const std::map<std::string, T>& map) {
  if (map.size() > kMaxListed) return std::nullopt;
  std::vector<T> items;
  items.reserve(map.size());
  for (const auto& [name, item] : map) items.push_back(item);
  return items;
}

std::string Names(const std::vector<std::string>& names) {
  return fmt::format("[{}]", fmt::join(names, ", "));
}

std::string Columns(const Schema& schema) {
  std::vector<std::string> names;
  names.reserve(schema.fields.size());
  for (const Field& field : schema.fields) names.push_back(field.name);
  return Names(names);
}

std::string FeaturesOf(const Protocol& protocol) {
  std::vector<std::string> readers = protocol.reader_features;
  std::vector<std::string> writers = protocol.writer_features;
  std::ranges::sort(readers);
  std::ranges::sort(writers);
  return fmt::format("{}.{} {} {}", protocol.min_reader_version, protocol.min_writer_version, Names(readers),
                     Names(writers));
}

std::string Properties(const std::map<std::string, std::string>& configuration) {
  std::vector<std::string> texts;
  texts.reserve(configuration.size());
  for (const auto& [name, value] : configuration) texts.push_back(fmt::format("{}={}", name, value));
  return Names(texts);
}

// Notes the first difference.
class Comparison {
 public:
  template <typename T>
  void Same(std::string_view what, const T& recorded, const T& computed) {
    if (recorded == computed || !difference_.empty()) return;
    difference_ = fmt::format("{} is {} in the checksum and {} by the log", what, recorded, computed);
  }
  Result<> Outcome() const {
    if (difference_.empty()) return {};
    return Fail(ErrorKind::kBadData, difference_ + ": one of the two was changed or damaged");
  }

 private:
  std::string difference_;
};

}  // namespace

Result<VersionChecksum> ParseChecksum(std::string_view bytes) {
  simdjson::dom::parser parser;
  const simdjson::padded_string text(bytes);
  JsonObject object;
  if (parser.parse(text).get(object) != simdjson::SUCCESS) return Fail(ErrorKind::kBadData, "no JSON object");
  VersionChecksum checksum;
  RTL_TRY(auto txn_id, FindString(object, "txnId"));
  checksum.txn_id = std::move(txn_id).value_or("");
  RTL_TRY(checksum.table_size_bytes, GetInt(object, "tableSizeBytes"));
  RTL_TRY(checksum.num_files, GetInt(object, "numFiles"));
  RTL_TRY(checksum.num_metadata, GetInt(object, "numMetadata"));
  RTL_TRY(checksum.num_protocol, GetInt(object, "numProtocol"));
  RTL_TRY(checksum.in_commit_timestamp_ms, FindInt(object, "inCommitTimestampOpt"));
  RTL_TRY(checksum.txns, FindArray<Txn>(object, "setTransactions", ReadTxn));
  RTL_TRY(checksum.domains, FindArray<DomainMetadata>(object, "domainMetadata", ReadDomainMetadata));
  RTL_TRY(checksum.metadata, GetAction(object, "metadata", ReadMetadata));
  RTL_TRY(checksum.protocol, GetAction(object, "protocol", ReadProtocol));
  return checksum;
}

std::string ToChecksumBytes(const VersionChecksum& checksum) {
  JsonWriter json;
  json.BeginObject();
  if (!checksum.txn_id.empty()) json.Key("txnId").String(checksum.txn_id);
  json.Key("tableSizeBytes").Int(checksum.table_size_bytes);
  json.Key("numFiles").Int(checksum.num_files);
  json.Key("numMetadata").Int(checksum.num_metadata);
  json.Key("numProtocol").Int(checksum.num_protocol);
  if (checksum.in_commit_timestamp_ms) json.Key("inCommitTimestampOpt").Int(*checksum.in_commit_timestamp_ms);
  WriteArray(json, "setTransactions", checksum.txns);
  WriteArray(json, "domainMetadata", checksum.domains);
  json.Key("metadata");
  WriteObject(json, checksum.metadata);
  json.Key("protocol");
  WriteObject(json, checksum.protocol);
  json.EndObject();
  return std::move(json).Take();
}

VersionChecksum ChecksumOf(const TableState& state, FileTotals totals, std::string_view txn_id) {
  return {.txn_id = std::string(txn_id),
          .table_size_bytes = totals.bytes,
          .num_files = totals.files,
          .in_commit_timestamp_ms = state.in_commit_timestamp_ms,
          .txns = Listed(state.txns),
          .domains = Listed(state.domains),
          .metadata = state.metadata,
          .protocol = state.protocol};
}

Result<> CheckAgainst(const VersionChecksum& checksum, const TableState& state, FileTotals totals) {
  Comparison comparison;
  comparison.Same<std::int64_t>("numMetadata", checksum.num_metadata, 1);
  comparison.Same<std::int64_t>("numProtocol", checksum.num_protocol, 1);
  comparison.Same("numFiles", checksum.num_files, totals.files);
  comparison.Same("tableSizeBytes", checksum.table_size_bytes, totals.bytes);
  comparison.Same("the protocol", FeaturesOf(checksum.protocol), FeaturesOf(state.protocol));
  // Writers spell the same schema differently; names in their order are enough to tell one from another.
  comparison.Same("the table's id", checksum.metadata.id, state.metadata.id);
  comparison.Same("the columns", Columns(checksum.metadata.schema), Columns(state.metadata.schema));
  comparison.Same("partitionColumns", Names(checksum.metadata.partition_columns),
                  Names(state.metadata.partition_columns));
  comparison.Same("the configuration", Properties(checksum.metadata.configuration),
                  Properties(state.metadata.configuration));
  return comparison.Outcome();
}

}  // namespace rtl::delta
