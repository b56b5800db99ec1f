#include "delta/column_mapping.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include "core/json_writer.h"
#include "core/uuid.h"
#include "delta/json_fields.h"
#include "delta/table_features.h"

namespace rtl::delta {
namespace {

constexpr std::string_view kIdKey = "delta.columnMapping.id";
constexpr std::string_view kNameKey = "delta.columnMapping.physicalName";
constexpr const char* kMaxIdProperty = "delta.columnMapping.maxColumnId";

struct Mapped {
  std::optional<std::string> physical_name;
  std::optional<std::int64_t> id;
};

Result<Mapped> MappedOf(const Field& field) {
  Mapped mapped;
  if (field.metadata.empty()) return mapped;
  simdjson::dom::parser parser;
  const simdjson::padded_string text(field.metadata);
  JsonObject object;
  if (parser.parse(text).get(object) != simdjson::SUCCESS) {
    return Fail(ErrorKind::kBadData, fmt::format("column {}: its metadata is not JSON", field.name));
  }
  RTL_TRY(mapped.physical_name, FindString(object, kNameKey));
  RTL_TRY(mapped.id, FindInt(object, kIdKey));
  if (mapped.id && (*mapped.id < 0 || *mapped.id > std::numeric_limits<std::int32_t>::max())) {
    return Fail(ErrorKind::kBadData, fmt::format("column {}: {} is no column id", field.name, *mapped.id));
  }
  return mapped;
}

// The highest id in a JSON text, of columns at any depth.
std::int64_t HighestIdIn(std::string_view json) {
  std::int64_t highest = 0;
  const std::string key = fmt::format("\"{}\":", kIdKey);
  for (std::size_t at = json.find(key); at != std::string_view::npos; at = json.find(key, at)) {
    at += key.size();
    std::int64_t id = 0;
    std::from_chars(json.data() + at, json.data() + json.size(), id);
    highest = std::max(highest, id);
  }
  return highest;
}

// Ids that were ever given out, as far as the metadata tell.
Result<std::int64_t> HighestId(const Metadata& metadata) {
  std::int64_t highest = 0;
  if (const auto found = metadata.configuration.find(kMaxIdProperty); found != metadata.configuration.end()) {
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), highest);
    if (error != std::errc() || end != text.data() + text.size()) {
      return Fail(ErrorKind::kBadData, fmt::format("{} is \"{}\"", kMaxIdProperty, text));
    }
  }
  for (const Field& field : metadata.schema.fields) {
    highest = std::max({highest, HighestIdIn(field.metadata), HighestIdIn(field.type)});
  }
  return highest;
}

std::string WithMembers(const std::string& object, const std::string& members) {
  const std::size_t end = object.rfind('}');
  if (object.empty() || end == std::string::npos) return '{' + members + '}';
  const bool has_any = object.find('"') != std::string::npos;
  return object.substr(0, end) + (has_any ? "," : "") + members + '}';
}

}  // namespace

Result<MappingMode> MappingModeOf(const Protocol& protocol, const Metadata& metadata) {
  if (!IsActive(protocol, metadata, "columnMapping")) return MappingMode::kNone;
  const std::string& mode = metadata.configuration.at("delta.columnMapping.mode");
  if (mode == "name") return MappingMode::kName;
  if (mode == "id") return MappingMode::kId;
  return Fail(ErrorKind::kUnsupported,
              fmt::format("this table cannot be written: it uses column mapping mode \"{}\"", mode));
}

Result<ColumnMapping> ColumnMapping::Of(const Protocol& protocol, const Metadata& metadata) {
  ColumnMapping mapping;
  RTL_TRY(mapping.mode_, MappingModeOf(protocol, metadata));
  std::set<std::string> names;
  std::set<std::int32_t> ids;
  for (const Field& field : metadata.schema.fields) {
    if (!mapping.maps()) {
      mapping.columns_.push_back({field.name, field.name, std::nullopt});
      continue;
    }
    RTL_TRY(const Mapped mapped, MappedOf(field));
    if (!mapped.physical_name || mapped.physical_name->empty() || !mapped.id) {
      return Fail(ErrorKind::kBadData, fmt::format("column {} has no {} though the table maps its columns",
                                                   field.name, mapped.id ? kNameKey : kIdKey));
    }
    const auto id = static_cast<std::int32_t>(*mapped.id);
    if (!names.insert(*mapped.physical_name).second || !ids.insert(id).second) {
      return Fail(ErrorKind::kBadData, fmt::format("column {} is mapped to {} (id {}), as another column is",
                                                   field.name, *mapped.physical_name, id));
    }
    mapping.columns_.push_back({field.name, *mapped.physical_name, id});
  }
  return mapping;
}

const MappedColumn* ColumnMapping::Find(std::string_view name) const {
  const auto found = std::ranges::find(columns_, name, &MappedColumn::name);
  return found == columns_.end() ? nullptr : &*found;
}

const MappedColumn* ColumnMapping::FindPhysical(std::string_view physical_name) const {
  const auto found = std::ranges::find(columns_, physical_name, &MappedColumn::physical_name);
  return found == columns_.end() ? nullptr : &*found;
}

Result<> MapNewColumns(const Protocol& protocol, Metadata& metadata) {
  RTL_TRY(const MappingMode mode, MappingModeOf(protocol, metadata));
  if (mode == MappingMode::kNone) return {};
  RTL_TRY(std::int64_t highest, HighestId(metadata));
  for (Field& field : metadata.schema.fields) {
    RTL_TRY(const Mapped mapped, MappedOf(field));
    if (mapped.physical_name && mapped.id) continue;
    if (mapped.physical_name || mapped.id || field.type.starts_with('{')) {
      return Fail(
          ErrorKind::kUnsupported,
          fmt::format("column {} is mapped in part, or its type is nested: its ids have to be given by "
                      "the engine that added it",
                      field.name));
    }
    if (highest >= std::numeric_limits<std::int32_t>::max()) {
      return Fail(ErrorKind::kResourceExhausted, "no column ids are left");
    }
    field.metadata = WithMembers(
        field.metadata, fmt::format(R"("{}":{},"{}":"col-{}")", kIdKey, ++highest, kNameKey, NewUuid()));
  }
  metadata.configuration[kMaxIdProperty] = std::to_string(highest);
  return {};
}

}  // namespace rtl::delta
