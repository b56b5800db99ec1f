#include "delta/file_columns.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "delta/ascii_case.h"

namespace rtl::delta {
namespace {

std::optional<std::int32_t> FieldIdOf(const arrow::Field& field) {
  if (!field.HasMetadata()) return {};
  const auto text = field.metadata()->Get("PARQUET:field_id");
  if (!text.ok()) return {};
  std::int32_t id = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  if (error != std::errc() || id < 0) return {};
  return id;
}

Result<int> FindById(const arrow::FieldVector& fields, const TypedField& column) {
  if (!column.id) {
    return Fail(ErrorKind::kBadData, fmt::format("column mapping: {} has no id", column.name));
  }
  int found = -1;
  for (int at = 0; at < static_cast<int>(fields.size()); ++at) {
    if (FieldIdOf(*fields[static_cast<std::size_t>(at)]) != column.id) continue;
    if (found >= 0) return Fail(ErrorKind::kBadData, fmt::format("two columns have the id {}", *column.id));
    found = at;
  }
  return found;
}

template <typename IsIt>
int IndexWhere(const arrow::FieldVector& fields, const IsIt& is_it) {
  const auto found = std::ranges::find_if(fields, [&](const auto& field) { return is_it(field->name()); });
  return found == fields.end() ? -1 : static_cast<int>(found - fields.begin());
}

}  // namespace

Result<MappingMode> ReaderMappingModeOf(const Protocol& protocol, const Metadata& metadata) {
  const bool supported =
      protocol.min_reader_version == 2 ||
      (protocol.min_reader_version >= 3 &&
       std::ranges::find(protocol.reader_features, "columnMapping") != protocol.reader_features.end());
  const auto mode = metadata.configuration.find("delta.columnMapping.mode");
  if (!supported || mode == metadata.configuration.end() || mode->second.empty() || mode->second == "none") {
    return MappingMode::kNone;
  }
  if (mode->second == "name") return MappingMode::kName;
  if (mode->second == "id") return MappingMode::kId;
  return Fail(ErrorKind::kUnsupported,
              fmt::format("this table cannot be read: it uses column mapping mode \"{}\"", mode->second));
}

Result<int> FindInFile(const arrow::FieldVector& fields, const TypedField& column, MappingMode mode) {
  if (mode == MappingMode::kId) return FindById(fields, column);
  if (mode == MappingMode::kName) {
    if (!column.physical_name) {
      return Fail(ErrorKind::kBadData, fmt::format("column mapping: {} has no physical name", column.name));
    }
    return IndexWhere(fields, [&](std::string_view name) { return name == *column.physical_name; });
  }
  const int exact = IndexWhere(fields, [&](std::string_view name) { return name == column.name; });
  if (exact >= 0) return exact;
  return IndexWhere(fields, [&](std::string_view name) { return EqualsIgnoringCase(name, column.name); });
}

bool HasFieldIds(const arrow::FieldVector& fields) {
  return std::ranges::any_of(
      fields, [](const auto& field) { return FieldIdOf(*field) || HasFieldIds(field->type()->fields()); });
}

const std::string& NameInLog(const TypedField& column, MappingMode mode) {
  return mode != MappingMode::kNone && column.physical_name ? *column.physical_name : column.name;
}

}  // namespace rtl::delta
