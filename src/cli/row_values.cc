#include "cli/row_values.h"

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

// The shortest text that reads back the same; "" when the column holds other values.
std::string FloatingText(const ::arrow::Array& column, std::int64_t row) {
  const auto text = [](auto value) {
    if (std::isnan(value)) return std::string("NaN");
    if (std::isinf(value)) return std::string(value > 0 ? "Infinity" : "-Infinity");
    return fmt::format("{}", value);
  };
  if (column.type_id() == ::arrow::Type::FLOAT) return text(ValueIn<::arrow::FloatArray>(column, row));
  if (column.type_id() == ::arrow::Type::DOUBLE) return text(ValueIn<::arrow::DoubleArray>(column, row));
  return {};
}

std::string TimestampText(const ::arrow::Array& column, std::int64_t row) {
  const std::int64_t value = ValueIn<::arrow::TimestampArray>(column, row);
  const auto& type = static_cast<const ::arrow::TimestampType&>(*column.type());
  const auto unit = type.unit();
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
  std::string text = FormatTimestamp(FromMicros(micros));
  if (type.timezone().empty()) text.pop_back();  // what a clock somewhere shows
  return text;
}

std::string DateText(const ::arrow::Array& column, std::int64_t row) {
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(ValueIn<::arrow::Date32Array>(column, row)))};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string DecimalText(const ::arrow::Array& column, std::int64_t row) {
  const auto scale =
      static_cast<std::size_t>(static_cast<const ::arrow::Decimal128Type&>(*column.type()).scale());
  const ::arrow::Decimal128 value(static_cast<const ::arrow::Decimal128Array&>(column).GetValue(row));
  std::string digits = ::arrow::Decimal128(::arrow::Decimal128::Abs(value)).ToIntegerString();
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - scale, 1, '.');
  return value.IsNegative() ? "-" + digits : digits;
}

std::string OtherText(const ::arrow::Array& column, std::int64_t row) {
  switch (column.type_id()) {
    case ::arrow::Type::TIMESTAMP:
      return TimestampText(column, row);
    case ::arrow::Type::DATE32:
      return DateText(column, row);
    case ::arrow::Type::DECIMAL128:
      return DecimalText(column, row);
    default: {
      const auto scalar = column.GetScalar(row);
      return scalar.ok() ? (*scalar)->ToString() : scalar.status().ToString();
    }
  }
}

bool IsNested(const ::arrow::Array& column) {
  return ::arrow::is_nested(column.type_id());
}

void WriteStruct(JsonWriter& json, const ::arrow::StructArray& column, std::int64_t row) {
  json.BeginObject();
  for (int field = 0; field < column.num_fields(); ++field) {
    json.Key(ToValidUtf8(column.type()->field(field)->name()));
    WriteJsonValue(json, *column.field(field), row);
  }
  json.EndObject();
}

void WriteMap(JsonWriter& json, const ::arrow::MapArray& column, std::int64_t row) {
  const ::arrow::Array& keys = *column.keys();
  const bool by_name = keys.type_id() == ::arrow::Type::STRING;
  by_name ? json.BeginObject() : json.BeginArray();
  for (std::int64_t at = column.value_offset(row); at < column.value_offset(row + 1); ++at) {
    if (by_name) {
      json.Key(ToValidUtf8(BytesOf(keys, at).value_or("")));
      WriteJsonValue(json, *column.items(), at);
      continue;
    }
    json.BeginObject().Key("key");
    WriteJsonValue(json, keys, at);
    json.Key("value");
    WriteJsonValue(json, *column.items(), at);
    json.EndObject();
  }
  by_name ? json.EndObject() : json.EndArray();
}

void WriteNested(JsonWriter& json, const ::arrow::Array& column, std::int64_t row) {
  switch (column.type_id()) {
    case ::arrow::Type::STRUCT:
      return WriteStruct(json, static_cast<const ::arrow::StructArray&>(column), row);
    case ::arrow::Type::MAP:
      return WriteMap(json, static_cast<const ::arrow::MapArray&>(column), row);
    case ::arrow::Type::LIST: {
      const auto& list = static_cast<const ::arrow::ListArray&>(column);
      json.BeginArray();
      for (std::int64_t at = list.value_offset(row); at < list.value_offset(row + 1); ++at) {
        WriteJsonValue(json, *list.values(), at);
      }
      json.EndArray();
      return;
    }
    default:
      json.String(ToValidUtf8(OtherText(column, row)));
  }
}

}  // namespace

Cell CellOf(const ::arrow::Array& column, std::int64_t row) {
  if (column.IsNull(row)) return {.text = "", .is_null = true};
  if (const auto bytes = BytesOf(column, row)) return {.text = OneLine(*bytes)};
  if (const auto whole = IntegerOf(column, row)) return {.text = fmt::format("{}", *whole)};
  if (std::string number = FloatingText(column, row); !number.empty()) return {.text = std::move(number)};
  if (!IsNested(column)) return {.text = OneLine(OtherText(column, row))};
  JsonWriter json;
  WriteNested(json, column, row);
  return {.text = OneLine(json.text())};
}

void WriteJsonValue(JsonWriter& json, const ::arrow::Array& column, std::int64_t row) {
  if (column.IsNull(row)) {
    json.Null();
  } else if (const auto bytes = BytesOf(column, row)) {
    json.String(ToValidUtf8(*bytes));
  } else if (const auto whole = IntegerOf(column, row)) {
    json.Int(*whole);
  } else if (const std::string number = FloatingText(column, row); !number.empty()) {
    const bool is_finite = number.find_first_of("IN") == std::string::npos;
    is_finite ? json.Raw(number) : json.String(number);
  } else if (column.type_id() == ::arrow::Type::BOOL) {
    json.Bool(static_cast<const ::arrow::BooleanArray&>(column).Value(row));
  } else if (IsNested(column)) {
    WriteNested(json, column, row);
  } else {
    json.String(ToValidUtf8(OtherText(column, row)));
  }
}

}  // namespace rtl::cli
