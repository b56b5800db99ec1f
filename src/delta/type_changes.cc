#include "delta/type_changes.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <string>

#include "delta/json_fields.h"

namespace rtl::delta {
namespace {

// Order among the integers; 0: none.
int IntegerRank(TypeKind kind) {
  switch (kind) {
    case TypeKind::kByte:
      return 1;
    case TypeKind::kShort:
      return 2;
    case TypeKind::kInteger:
      return 3;
    case TypeKind::kLong:
      return 4;
    default:
      return 0;
  }
}

bool HoldsDecimal(const DataType& decimal, int precision, int scale) {
  const int more_precision = decimal.precision - precision;
  const int more_scale = decimal.scale - scale;
  return more_scale >= 0 && more_precision >= more_scale;
}

Result<> CheckChange(JsonObject change) {
  RTL_TRY(const std::string from, GetString(change, "fromType"));
  RTL_TRY(const std::string to, GetString(change, "toType"));
  const auto from_type = ParseType(from);
  const auto to_type = ParseType(to);
  if (from_type && to_type && IsWidening(*from_type, *to_type)) return {};
  return Fail(ErrorKind::kUnsupported, fmt::format("its type was changed from {} to {}", from, to));
}

// Every "delta.typeChanges" in a JSON text, however deep.
Result<> CheckWithin(simdjson::dom::element element) {
  if (simdjson::dom::array items; element.get(items) == simdjson::SUCCESS) {
    for (const auto item : items) RTL_CHECK(CheckWithin(item));
    return {};
  }
  JsonObject object;
  if (element.get(object) != simdjson::SUCCESS) return {};
  for (const auto [key, value] : object) {
    simdjson::dom::array changes;
    if (key != "delta.typeChanges" || value.get(changes) != simdjson::SUCCESS) {
      RTL_CHECK(CheckWithin(value));
      continue;
    }
    for (const auto change : changes) {
      JsonObject one;
      if (change.get(one) != simdjson::SUCCESS)
        return Fail(ErrorKind::kBadData, "a type change is no object");
      RTL_CHECK(CheckChange(one));
    }
  }
  return {};
}

Result<> CheckText(std::string_view json) {
  if (!json.contains("delta.typeChanges")) return {};
  simdjson::dom::parser parser;
  const simdjson::padded_string text(json);
  simdjson::dom::element root;
  if (const auto error = parser.parse(text).get(root); error != simdjson::SUCCESS) {
    return Fail(ErrorKind::kBadData, simdjson::error_message(error));
  }
  return CheckWithin(root);
}

}  // namespace

bool IsWidening(const DataType& from, const DataType& to) {
  if (from.is_nested() || to.is_nested()) return false;
  if (from.kind == TypeKind::kVoid) return true;
  const int rank = IntegerRank(from.kind);
  switch (to.kind) {
    case TypeKind::kDecimal:
      if (from.kind == TypeKind::kDecimal) return HoldsDecimal(to, from.precision, from.scale);
      return rank > 0 && HoldsDecimal(to, rank == 4 ? 20 : 10, 0);
    case TypeKind::kDouble:
      return from.kind == TypeKind::kDouble || from.kind == TypeKind::kFloat || (rank > 0 && rank < 4);
    case TypeKind::kTimestampNtz:
      return from.kind == TypeKind::kTimestampNtz || from.kind == TypeKind::kDate;
    default:
      return from.kind == to.kind || (rank > 0 && rank < IntegerRank(to.kind));
  }
}

Result<> CheckTypeChanges(const Schema& schema) {
  for (const Field& field : schema.fields) {
    auto checked = CheckText(field.metadata);
    if (checked) checked = CheckText(field.type);
    if (!checked) return Fail(checked.error().Wrap(fmt::format("column {}", field.name)));
  }
  return {};
}

}  // namespace rtl::delta
