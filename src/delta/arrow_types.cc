#include "delta/arrow_types.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <utility>

namespace rtl::delta {
namespace {

Result<std::shared_ptr<arrow::Field>> ArrowFieldOf(const TypedField& field, bool nullable = true) {
  auto type = ArrowTypeOf(field.type);
  if (!type) return Fail(type.error().Wrap(fmt::format("field {}", field.name)));
  return arrow::field(field.name, std::move(*type), nullable);
}

Result<std::shared_ptr<arrow::DataType>> NestedTypeOf(const DataType& type) {
  if (type.kind == TypeKind::kArray) {
    RTL_TRY(auto element, ArrowFieldOf(type.children[0]));
    return arrow::list(std::move(element));
  }
  if (type.kind == TypeKind::kMap) {
    RTL_TRY(auto key, ArrowFieldOf(type.children[0], false));
    RTL_TRY(auto value, ArrowFieldOf(type.children[1]));
    return std::make_shared<arrow::MapType>(std::move(key), std::move(value));
  }
  arrow::FieldVector fields;
  for (const TypedField& child : type.children) {
    RTL_TRY(fields.emplace_back(), ArrowFieldOf(child));
  }
  return arrow::struct_(fields);
}

}  // namespace

Result<std::shared_ptr<arrow::DataType>> ArrowTypeOf(const DataType& type) {
  switch (type.kind) {
    case TypeKind::kString:
      return arrow::utf8();
    case TypeKind::kLong:
      return arrow::int64();
    case TypeKind::kInteger:
      return arrow::int32();
    case TypeKind::kShort:
      return arrow::int16();
    case TypeKind::kByte:
      return arrow::int8();
    case TypeKind::kFloat:
      return arrow::float32();
    case TypeKind::kDouble:
      return arrow::float64();
    case TypeKind::kDecimal:
      return arrow::decimal128(type.precision, type.scale);
    case TypeKind::kBoolean:
      return arrow::boolean();
    case TypeKind::kBinary:
      return arrow::binary();
    case TypeKind::kDate:
      return arrow::date32();
    case TypeKind::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case TypeKind::kTimestampNtz:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case TypeKind::kVoid:
      return arrow::null();
    case TypeKind::kVariant:
      return Fail(ErrorKind::kUnsupported, "columns of type variant cannot be read");
    case TypeKind::kStruct:
    case TypeKind::kArray:
    case TypeKind::kMap:
      return NestedTypeOf(type);
  }
  return Fail(ErrorKind::kInternal, "a type of no kind");
}

}  // namespace rtl::delta
