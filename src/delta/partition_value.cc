#include "delta/partition_value.h"

#include <arrow/buffer.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "delta/arrow_types.h"
#include "delta/ascii_case.h"
#include "delta/time_text.h"

namespace rtl::delta {
namespace {

using ScalarPtr = std::shared_ptr<arrow::Scalar>;

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

template <typename ScalarType>
ScalarPtr NumberScalar(std::string_view text) {
  const auto value = ParseNumber<typename ScalarType::ValueType>(text);
  return value ? std::make_shared<ScalarType>(*value) : nullptr;
}

ScalarPtr BooleanScalar(std::string_view text) {
  if (EqualsIgnoringCase(text, "true")) return std::make_shared<arrow::BooleanScalar>(true);
  if (EqualsIgnoringCase(text, "false")) return std::make_shared<arrow::BooleanScalar>(false);
  return nullptr;
}

ScalarPtr DecimalScalar(std::string_view text, const DataType& type,
                        const std::shared_ptr<arrow::DataType>& arrow_type) {
  arrow::Decimal128 value;
  std::int32_t precision = 0;
  std::int32_t scale = 0;
  if (!arrow::Decimal128::FromString(text, &value, &precision, &scale).ok()) return nullptr;
  const auto rescaled = value.Rescale(scale, type.scale);
  if (!rescaled.ok() || !rescaled->FitsInPrecision(type.precision)) return nullptr;
  return std::make_shared<arrow::Decimal128Scalar>(*rescaled, arrow_type);
}

ScalarPtr DateScalar(std::string_view text) {
  const auto days = ParseDate(text);
  return days ? std::make_shared<arrow::Date32Scalar>(*days) : nullptr;
}

ScalarPtr TimestampScalar(std::string_view text, const std::shared_ptr<arrow::DataType>& arrow_type,
                          const TimeZone& zone) {
  const auto time = ParseTime(text);
  if (!time) return nullptr;
  return std::make_shared<arrow::TimestampScalar>(time->has_zone ? time->micros : zone.ToUtc(time->micros),
                                                  arrow_type);
}

ScalarPtr LocalTimeScalar(std::string_view text, const std::shared_ptr<arrow::DataType>& arrow_type) {
  const auto time = ParseTime(text);
  if (!time || time->has_zone) return nullptr;
  return std::make_shared<arrow::TimestampScalar>(time->micros, arrow_type);
}

// Some writers spell each byte "\u00NN" in the value itself, others leave the escaping to JSON, whose reader
// has undone it.
std::string BinaryValue(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); at += 6) {
    const std::string_view escape = text.substr(at, 6);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(escape.data() + std::min<std::size_t>(escape.size(), 2),
                                              escape.data() + escape.size(), value, 16);
    if (!escape.starts_with("\\u00") || escape.size() != 6 || error != std::errc() ||
        end != escape.data() + 6) {
      return std::string(text);
    }
    bytes += static_cast<char>(value);
  }
  return bytes;
}

ScalarPtr ParseAs(const std::string& text, const DataType& type,
                  const std::shared_ptr<arrow::DataType>& arrow_type, const TimeZone& zone) {
  switch (type.kind) {
    case TypeKind::kString:
      return std::make_shared<arrow::StringScalar>(text);
    case TypeKind::kBinary:
      return std::make_shared<arrow::BinaryScalar>(arrow::Buffer::FromString(BinaryValue(text)));
    case TypeKind::kLong:
      return NumberScalar<arrow::Int64Scalar>(text);
    case TypeKind::kInteger:
      return NumberScalar<arrow::Int32Scalar>(text);
    case TypeKind::kShort:
      return NumberScalar<arrow::Int16Scalar>(text);
    case TypeKind::kByte:
      return NumberScalar<arrow::Int8Scalar>(text);
    case TypeKind::kDouble:
      return NumberScalar<arrow::DoubleScalar>(text);
    case TypeKind::kFloat:
      return NumberScalar<arrow::FloatScalar>(text);
    case TypeKind::kBoolean:
      return BooleanScalar(text);
    case TypeKind::kDecimal:
      return DecimalScalar(text, type, arrow_type);
    case TypeKind::kDate:
      return DateScalar(text);
    case TypeKind::kTimestamp:
      return TimestampScalar(text, arrow_type, zone);
    case TypeKind::kTimestampNtz:
      return LocalTimeScalar(text, arrow_type);
    default:
      return nullptr;
  }
}

}  // namespace

Result<ScalarPtr> ParsePartitionValue(const std::optional<std::string>& value, const DataType& type,
                                      const TimeZone& zone) {
  RTL_TRY(const auto arrow_type, ArrowTypeOf(type));
  if (!value || value->empty()) return arrow::MakeNullScalar(arrow_type);
  if (auto scalar = ParseAs(*value, type, arrow_type, zone)) return scalar;
  return Fail(ErrorKind::kBadData,
              fmt::format("partition value \"{}\" is none of type {}", *value, ToString(type)));
}

}  // namespace rtl::delta
