#include "delta/column_conversion.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/compute/cast.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <arrow/util/bitmap_ops.h>
#include <fmt/format.h>

#include <utility>

#include "delta/file_columns.h"
#include "delta/parquet_object.h"
#include "delta/primitive_conversion.h"

namespace rtl::delta {
namespace {

using arrow::Type;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;
using BufferPtr = std::shared_ptr<arrow::Buffer>;

std::unexpected<Error> OtherKind(const arrow::Array& array, const DataType& type) {
  return Fail(ErrorKind::kBadData,
              fmt::format("the file has type {}, the table {}", array.type()->ToString(), ToString(type)));
}

// Which entries are not null, counted from the array's own first; null when all are.
Result<BufferPtr> ValidityOf(const arrow::Array& array) {
  if (array.null_count() == 0) return BufferPtr();
  if (array.offset() == 0) return array.null_bitmap();
  return FromArrow(arrow::internal::CopyBitmap(arrow::default_memory_pool(), array.null_bitmap_data(),
                                               array.offset(), array.length()));
}

Result<ArrayPtr> ConvertField(const ArrayPtr& array, const TypedField& field, const TypePtr& to,
                              MappingMode mode) {
  auto converted = ConvertColumn(array, field.type, to, mode);
  if (!converted) return Fail(converted.error().Wrap(fmt::format("field {}", field.name)));
  return converted;
}

Result<ArrayPtr> ConvertStruct(const ArrayPtr& array, const DataType& type, const TypePtr& to,
                               MappingMode mode) {
  if (array->type_id() != Type::STRUCT) return OtherKind(*array, type);
  const auto& from = static_cast<const arrow::StructArray&>(*array);
  arrow::ArrayVector children;
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    const TypedField& field = type.children[i];
    const TypePtr& field_type = to->field(static_cast<int>(i))->type();
    RTL_TRY(const int at, FindInFile(from.type()->fields(), field, mode));
    if (at < 0) {
      RTL_TRY(children.emplace_back(), FromArrow(arrow::MakeArrayOfNull(field_type, from.length())));
    } else {
      RTL_TRY(children.emplace_back(), ConvertField(from.field(at), field, field_type, mode));
    }
  }
  RTL_TRY(auto validity, ValidityOf(from));
  return std::make_shared<arrow::StructArray>(to, from.length(), std::move(children), std::move(validity),
                                              from.null_count());
}

// A map's keys and values are known by their place, not by name.
Result<ArrayPtr> ConvertEntries(const ArrayPtr& array, const DataType& type, const TypePtr& to,
                                MappingMode mode) {
  if (array->type_id() != Type::STRUCT || array->type()->num_fields() != 2) return OtherKind(*array, type);
  const auto& from = static_cast<const arrow::StructArray&>(*array);
  arrow::ArrayVector children;
  for (int i = 0; i < 2; ++i) {
    RTL_TRY(children.emplace_back(), ConvertField(from.field(i), type.children[static_cast<std::size_t>(i)],
                                                  to->field(i)->type(), mode));
  }
  if (from.null_count() > 0 || children[0]->null_count() > 0) {
    return Fail(ErrorKind::kBadData, "a map has a key that is null");
  }
  return std::make_shared<arrow::StructArray>(to, from.length(), std::move(children));
}

// Where each list begins among `values` that begin with the first list's.
Result<BufferPtr> OffsetsOf(const arrow::ListArray& lists) {
  const auto count = static_cast<std::size_t>(lists.length()) + 1;
  const std::int32_t first = lists.value_offset(0);
  std::vector<std::int32_t> offsets(count);
  for (std::size_t i = 0; i < count; ++i) offsets[i] = lists.raw_value_offsets()[i] - first;
  return arrow::Buffer::FromVector(std::move(offsets));
}

// Lists of any width, maps too, as what the table has: an array's type or a map's.
Result<ArrayPtr> ConvertList(const ArrayPtr& array, const DataType& type, const TypePtr& to,
                             MappingMode mode) {
  if (array->length() == 0) return FromArrow(arrow::MakeEmptyArray(to));
  ArrayPtr plain = array;
  switch (array->type_id()) {
    case Type::LIST:
    case Type::MAP:
      break;
    case Type::LARGE_LIST:
    case Type::FIXED_SIZE_LIST:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW: {
      RTL_TRY(plain, FromArrow(arrow::compute::Cast(*array, arrow::list(array->type()->field(0)))));
      break;
    }
    default:
      return OtherKind(*array, type);
  }
  const auto& lists = static_cast<const arrow::ListArray&>(*plain);
  const std::int32_t first = lists.value_offset(0);
  const ArrayPtr within = lists.values()->Slice(first, lists.value_offset(lists.length()) - first);
  const TypePtr& to_within = to->field(0)->type();
  ArrayPtr values;
  if (type.kind == TypeKind::kMap) {
    RTL_TRY(values, ConvertEntries(within, type, to_within, mode));
  } else {
    RTL_TRY(values, ConvertField(within, type.children[0], to_within, mode));
  }
  RTL_TRY(auto validity, ValidityOf(lists));
  RTL_TRY(auto offsets, OffsetsOf(lists));
  return arrow::MakeArray(arrow::ArrayData::Make(
      to, lists.length(), {std::move(validity), std::move(offsets)}, {values->data()}, lists.null_count()));
}

}  // namespace

Result<ArrayPtr> ConvertColumn(const ArrayPtr& array, const DataType& type, const TypePtr& to,
                               MappingMode mode) {
  switch (array->type_id()) {
    case Type::NA:
      return FromArrow(arrow::MakeArrayOfNull(to, array->length()));
    case Type::DICTIONARY: {
      const auto& values = static_cast<const arrow::DictionaryType&>(*array->type()).value_type();
      RTL_TRY(const auto plain, FromArrow(arrow::compute::Cast(*array, values)));
      return ConvertColumn(plain, type, to, mode);
    }
    case Type::EXTENSION:
      return ConvertColumn(static_cast<const arrow::ExtensionArray&>(*array).storage(), type, to, mode);
    default:
      break;
  }
  switch (type.kind) {
    case TypeKind::kStruct:
      return ConvertStruct(array, type, to, mode);
    case TypeKind::kArray:
    case TypeKind::kMap:
      return ConvertList(array, type, to, mode);
    case TypeKind::kVoid:  // never materialised, whatever the file has
      return FromArrow(arrow::MakeArrayOfNull(to, array->length()));
    default:
      return ConvertPrimitive(array, to);
  }
}

}  // namespace rtl::delta
