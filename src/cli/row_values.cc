#include "cli/row_values.h"

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "cli/display_text.h"
#include "core/time.h"

namespace rtl::cli {
namespace {

template <typename ArrayType>
auto ValueIn(const ::arrow::Array& column, std::int64_t row) {
  return static_cast<const ArrayType&>(column).GetView(row);
}

// The bytes of a string or binary value.
std::optional<std::string_view> BytesOf(const ::arrow::Array& column, std::int64_t row) {
  switch (column.type_id()) {
    case ::arrow::Type::STRING:
    case ::arrow::Type::BINARY:
      return ValueIn<::arrow::BinaryArray>(column, row);
    case ::arrow::Type::LARGE_STRING:
    case ::arrow::Type::LARGE_BINARY:
      return ValueIn<::arrow::LargeBinaryArray>(column, row);
    case ::arrow::Type::STRING_VIEW:
    case ::arrow::Type::BINARY_VIEW:
      return ValueIn<::arrow::BinaryViewArray>(column, row);
    default:
      return std::nullopt;
  }
}

std::optional<std::int64_t> IntegerOf(const ::arrow::Array& column, std::int64_t row) {
  switch (column.type_id()) {
    case ::arrow::Type::INT8:
      return ValueIn<::arrow::Int8Array>(column, row);
    case ::arrow::Type::INT16:
      return ValueIn<::arrow::Int16Array>(column, row);
    case ::arrow::Type::INT32:
      return ValueIn<::arrow::Int32Array>(column, row);
    case ::arrow::Type::INT64:
      return ValueIn<::arrow::Int64Array>(column, row);
    default:
      return std::nullopt;
  }
}

std::optional<double> FloatingOf(const ::arrow::Array& column, std::int64_t row) {
  if (column.type_id() == ::arrow::Type::FLOAT) return ValueIn<::arrow::FloatArray>(column, row);
  if (column.type_id() == ::arrow::Type::DOUBLE) return ValueIn<::arrow::DoubleArray>(column, row);
  return std::nullopt;
}

std::string TimestampText(const ::arrow::Array& column, std::int64_t row) {
  const std::int64_t value = ValueIn<::arrow::TimestampArray>(column, row);
  const auto unit = static_cast<const ::arrow::TimestampType&>(*column.type()).unit();
  std::int64_t micros = 0;
  bool overflow = false;
  switch (unit) {
    case ::arrow::TimeUnit::SECOND:
      overflow = __builtin_mul_overflow(value, 1'000'000, &micros);
      break;
    case ::arrow::TimeUnit::MILLI:
      overflow = __builtin_mul_overflow(value, 1'000, &micros);
      break;
    case ::arrow::TimeUnit::MICRO:
      micros = value;
      break;
    case ::arrow::TimeUnit::NANO:
      micros = value / 1'000;
      break;
  }
  if (overflow) return fmt::format("{}", value);
  return FormatTimestamp(FromMicros(micros));
}

std::string OtherText(const ::arrow::Array& column, std::int64_t row) {
  if (column.type_id() == ::arrow::Type::TIMESTAMP) return TimestampText(column, row);
  const auto scalar = column.GetScalar(row);
  return scalar.ok() ? (*scalar)->ToString() : scalar.status().ToString();
}

}  // namespace

Cell CellOf(const ::arrow::Array& column, std::int64_t row) {
  if (column.IsNull(row)) return {.text = "", .is_null = true};
  if (const auto bytes = BytesOf(column, row)) return {.text = OneLine(*bytes)};
  if (const auto whole = IntegerOf(column, row)) return {.text = fmt::format("{}", *whole)};
  if (const auto number = FloatingOf(column, row)) return {.text = fmt::format("{}", *number)};
  return {.text = OneLine(OtherText(column, row))};
}

void WriteJsonValue(JsonWriter& json, const ::arrow::Array& column, std::int64_t row) {
  if (column.IsNull(row)) {
    json.Null();
  } else if (const auto bytes = BytesOf(column, row)) {
    json.String(ToValidUtf8(*bytes));
  } else if (const auto whole = IntegerOf(column, row)) {
    json.Int(*whole);
  } else if (const auto number = FloatingOf(column, row)) {
    if (std::isfinite(*number)) {
      json.Double(*number);
    } else {
      json.String(std::isnan(*number) ? "NaN" : *number > 0 ? "Infinity" : "-Infinity");
    }
  } else if (column.type_id() == ::arrow::Type::BOOL) {
    json.Bool(static_cast<const ::arrow::BooleanArray&>(column).Value(row));
  } else {
    json.String(ToValidUtf8(OtherText(column, row)));
  }
}

}  // namespace rtl::cli
