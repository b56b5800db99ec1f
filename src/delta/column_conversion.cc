#include "delta/column_conversion.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <charconv>

#include "delta/parquet_object.h"

namespace rtl::delta {
namespace {

using arrow::Type;

std::optional<int> ParseSmall(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

Result<std::shared_ptr<arrow::DataType>> DecimalType(std::string_view delta_type) {
  // decimal(precision,scale)
  const std::string_view inner = delta_type.substr(8, delta_type.size() - 9);
  const std::size_t comma = inner.find(',');
  if (comma != std::string_view::npos) {
    const auto precision = ParseSmall(inner.substr(0, comma));
    const auto scale = ParseSmall(inner.substr(comma + 1));
    if (precision && scale && *precision >= 1 && *precision <= 38 && *scale >= 0 && *scale <= *precision) {
      return arrow::decimal128(*precision, *scale);
    }
  }
  return Fail(ErrorKind::kBadData, fmt::format("no such type: {}", delta_type));
}

bool IsText(Type::type id) {
  switch (id) {
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
      return true;
    default:
      return false;
  }
}

// Whether a value of one type may stand for a value of the other, range and scale aside.
bool IsSameKind(const arrow::DataType& from, const arrow::DataType& to) {
  const Type::type id = from.id();
  switch (to.id()) {
    case Type::STRING:
      return IsText(id);
    case Type::BINARY:
      return IsText(id) || id == Type::FIXED_SIZE_BINARY;
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
      return arrow::is_integer(id);
    case Type::DOUBLE:
      return id == Type::FLOAT;
    case Type::DATE32:
      return id == Type::DATE64;
    case Type::TIMESTAMP:
      return id == Type::TIMESTAMP;
    case Type::DECIMAL128:
      return arrow::is_decimal(id);
    default:
      return false;
  }
}

// A file without a time zone, as INT96 is, holds instants in UTC (or local values) all the same: only the
// type's zone is replaced.
std::shared_ptr<arrow::Array> WithType(const arrow::Array& array,
                                       const std::shared_ptr<arrow::DataType>& type) {
  const auto data = array.data()->Copy();
  data->type = type;
  return arrow::MakeArray(data);
}

Result<std::shared_ptr<arrow::Array>> ConvertTimestamp(const arrow::Array& array,
                                                       const std::shared_ptr<arrow::DataType>& type) {
  const auto& from = static_cast<const arrow::TimestampType&>(*array.type());
  const auto& to = static_cast<const arrow::TimestampType&>(*type);
  auto options = arrow::compute::CastOptions::Safe();
  options.allow_time_truncate = true;  // nanoseconds
  RTL_TRY(const auto cast,
          FromArrow(arrow::compute::Cast(array, arrow::timestamp(to.unit(), from.timezone()), options)));
  return WithType(*cast, type);
}

// "1970-01-01 00:00:00.123456" or "1970-01-01T00:00:00.123456Z"; both are taken as UTC.
std::string ZoneFree(std::string text) {
  if (text.ends_with('Z')) text.pop_back();
  return text;
}

}  // namespace

Result<std::shared_ptr<arrow::DataType>> ArrowTypeOf(std::string_view delta_type) {
  if (delta_type == "string") return arrow::utf8();
  if (delta_type == "long") return arrow::int64();
  if (delta_type == "integer") return arrow::int32();
  if (delta_type == "short") return arrow::int16();
  if (delta_type == "byte") return arrow::int8();
  if (delta_type == "double") return arrow::float64();
  if (delta_type == "float") return arrow::float32();
  if (delta_type == "boolean") return arrow::boolean();
  if (delta_type == "date") return arrow::date32();
  if (delta_type == "binary") return arrow::binary();
  if (delta_type == "timestamp") return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  if (delta_type == "timestamp_ntz") return arrow::timestamp(arrow::TimeUnit::MICRO);
  if (delta_type == "void") return arrow::null();
  if (delta_type == "decimal") return arrow::decimal128(10, 0);
  if (delta_type.starts_with("decimal(") && delta_type.ends_with(')')) return DecimalType(delta_type);
  return Fail(ErrorKind::kUnsupported, fmt::format("columns of type {} cannot be read", delta_type));
}

Result<std::shared_ptr<arrow::Array>> ConvertColumn(const std::shared_ptr<arrow::Array>& array,
                                                    const std::shared_ptr<arrow::DataType>& type) {
  if (array->type()->Equals(*type)) return array;
  if (array->type_id() == Type::DICTIONARY) {
    const auto& values = static_cast<const arrow::DictionaryType&>(*array->type()).value_type();
    RTL_TRY(const auto plain, FromArrow(arrow::compute::Cast(*array, values)));
    return ConvertColumn(plain, type);
  }
  if (array->type_id() != Type::NA && !IsSameKind(*array->type(), *type)) {
    return Fail(ErrorKind::kBadData, fmt::format("the file has type {}, the table {}",
                                                 array->type()->ToString(), type->ToString()));
  }
  if (array->type_id() == Type::TIMESTAMP) return ConvertTimestamp(*array, type);
  return FromArrow(arrow::compute::Cast(*array, type));
}

Result<std::shared_ptr<arrow::Array>> PartitionColumn(const std::optional<std::string>& value,
                                                      const std::shared_ptr<arrow::DataType>& type,
                                                      std::int64_t rows) {
  if (!value || value->empty()) return FromArrow(arrow::MakeArrayOfNull(type, rows));
  const bool is_timestamp = type->id() == Type::TIMESTAMP;
  const arrow::StringScalar text(is_timestamp ? ZoneFree(*value) : *value);
  RTL_TRY(auto one, FromArrow(arrow::MakeArrayFromScalar(text, 1)));
  const auto parsed_type = is_timestamp ? arrow::timestamp(arrow::TimeUnit::MICRO) : type;
  RTL_TRY(one, FromArrow(arrow::compute::Cast(*one, parsed_type)));
  if (is_timestamp) one = WithType(*one, type);
  RTL_TRY(const auto scalar, FromArrow(one->GetScalar(0)));
  return FromArrow(arrow::MakeArrayFromScalar(*scalar, rows));
}

}  // namespace rtl::delta
