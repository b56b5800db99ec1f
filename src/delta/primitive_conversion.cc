#include "delta/primitive_conversion.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "delta/parquet_object.h"

namespace rtl::delta {
namespace {

using arrow::Type;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

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

bool IsNarrowInteger(Type::type id) {
  return arrow::is_integer(id) && id != Type::INT64 && id != Type::UINT64;
}

// Whether a value of one type may stand for a value of the other, range and scale aside.
bool MayStandFor(Type::type from, Type::type to) {
  switch (to) {
    case Type::STRING:
      return IsText(from);
    case Type::BINARY:
      return IsText(from) || from == Type::FIXED_SIZE_BINARY;
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
      return arrow::is_integer(from);
    case Type::DOUBLE:
      return from == Type::FLOAT || IsNarrowInteger(from);
    case Type::DATE32:
      return from == Type::DATE64;
    case Type::TIMESTAMP:
      return from == Type::TIMESTAMP || from == Type::DATE32;
    case Type::DECIMAL128:
      return arrow::is_decimal(from) || arrow::is_integer(from);
    default:
      return false;
  }
}

// A file without a time zone, as INT96 is, holds instants in UTC (or local values) all the same: only the
// type's zone is replaced.
ArrayPtr WithType(const arrow::Array& array, const TypePtr& type) {
  const auto data = array.data()->Copy();
  data->type = type;
  return arrow::MakeArray(data);
}

// Also of instants before 1970 the greatest whole number that is not later.
Result<ArrayPtr> FromNanoseconds(const arrow::TimestampArray& array, const TypePtr& to) {
  arrow::TimestampBuilder builder(to, arrow::default_memory_pool());
  if (const auto reserved = builder.Reserve(array.length()); !reserved.ok()) return Fail(FromArrow(reserved));
  for (std::int64_t row = 0; row < array.length(); ++row) {
    if (array.IsNull(row)) {
      builder.UnsafeAppendNull();
      continue;
    }
    const std::int64_t nanos = array.Value(row);
    builder.UnsafeAppend(nanos / 1000 - (nanos % 1000 < 0 ? 1 : 0));
  }
  ArrayPtr micros;
  if (const auto finished = builder.Finish(&micros); !finished.ok()) return Fail(FromArrow(finished));
  return micros;
}

Result<ArrayPtr> ConvertTimestamp(const arrow::Array& array, const TypePtr& to) {
  const auto& from = static_cast<const arrow::TimestampType&>(*array.type());
  if (from.unit() == arrow::TimeUnit::NANO) {
    return FromNanoseconds(static_cast<const arrow::TimestampArray&>(array), to);
  }
  const auto unit = static_cast<const arrow::TimestampType&>(*to).unit();
  RTL_TRY(const auto cast, FromArrow(arrow::compute::Cast(array, arrow::timestamp(unit, from.timezone()))));
  return WithType(*cast, to);
}

}  // namespace

Result<ArrayPtr> ConvertPrimitive(const ArrayPtr& array, const TypePtr& to) {
  const Type::type from = array->type_id();
  if (array->type()->Equals(*to)) return array;
  // A column of dates may have become one without a zone, never one of instants.
  const bool date_as_instant = from == Type::DATE32 && to->id() == Type::TIMESTAMP &&
                               !static_cast<const arrow::TimestampType&>(*to).timezone().empty();
  if (from != Type::NA && (date_as_instant || !MayStandFor(from, to->id()))) {
    return Fail(ErrorKind::kBadData,
                fmt::format("the file has type {}, the table {}", array->type()->ToString(), to->ToString()));
  }
  if (from == Type::TIMESTAMP) return ConvertTimestamp(*array, to);
  auto options = arrow::compute::CastOptions::Safe();
  options.allow_invalid_utf8 = true;  // bytes are given as they are, whatever the file calls them
  return FromArrow(arrow::compute::Cast(*array, to, options));
}

}  // namespace rtl::delta
