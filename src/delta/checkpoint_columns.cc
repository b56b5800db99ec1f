#include "delta/checkpoint_columns.h"

#include <arrow/compute/cast.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "delta/parquet_object.h"

namespace rtl::delta {
namespace {

std::unexpected<Error> WrongType(const std::string& name, const arrow::DataType& type) {
  return Fail(ErrorKind::kBadData, fmt::format("checkpoint column {} has type {}", name, type.ToString()));
}

Result<StructColumn> AsStruct(const std::shared_ptr<arrow::Array>& array, const std::string& name) {
  if (!array) return StructColumn();
  if (array->type_id() != arrow::Type::STRUCT) return WrongType(name, *array->type());
  return std::static_pointer_cast<arrow::StructArray>(array);
}

// As ArrayType, converted where the writer chose another width or encoding; null when the array is null.
template <typename ArrayType>
Result<std::shared_ptr<ArrayType>> As(std::shared_ptr<arrow::Array> array, const std::string& name) {
  if (!array) return std::shared_ptr<ArrayType>();
  const auto wanted = arrow::TypeTraits<typename ArrayType::TypeClass>::type_singleton();
  if (!array->type()->Equals(wanted)) {
    auto cast = arrow::compute::Cast(*array, wanted);
    if (!cast.ok()) return WrongType(name, *array->type());
    array = std::move(cast).ValueUnsafe();
  }
  return std::static_pointer_cast<ArrayType>(std::move(array));
}

// Null when there is no such field. A field that may not be null has values of no meaning where the struct
// around it is null, so the struct's nulls are laid over it.
Result<std::shared_ptr<arrow::Array>> FindField(const StructColumn& parent, const std::string& name) {
  const int index = parent ? parent->struct_type()->GetFieldIndex(name) : -1;
  if (index < 0) return std::shared_ptr<arrow::Array>();
  return FromArrow(parent->GetFlattenedField(index));
}

template <typename ArrayType>
Result<std::shared_ptr<ArrayType>> FindAs(const StructColumn& parent, const std::string& name) {
  RTL_TRY(auto array, FindField(parent, name));
  return As<ArrayType>(std::move(array), name);
}

bool Has(const std::shared_ptr<arrow::Array>& array, std::int64_t row) {
  return array && array->IsValid(row);
}

std::string ToString(const arrow::StringArray& values, std::int64_t row) {
  return std::string(values.GetView(row));
}

}  // namespace

Result<StructColumn> FindStruct(const arrow::RecordBatch& batch, const std::string& name) {
  return AsStruct(batch.GetColumnByName(name), name);
}

Result<StructColumn> FindStruct(const StructColumn& parent, const std::string& name) {
  RTL_TRY(const auto array, FindField(parent, name));
  return AsStruct(array, name);
}

Result<StringColumn> StringColumn::Find(const StructColumn& parent, const std::string& name) {
  StringColumn column;
  RTL_TRY(column.values_, FindAs<arrow::StringArray>(parent, name));
  return column;
}

std::optional<std::string_view> StringColumn::At(std::int64_t row) const {
  if (!Has(values_, row)) return {};
  return values_->GetView(row);
}

Result<IntColumn> IntColumn::Find(const StructColumn& parent, const std::string& name) {
  IntColumn column;
  RTL_TRY(column.values_, FindAs<arrow::Int64Array>(parent, name));
  return column;
}

std::optional<std::int64_t> IntColumn::At(std::int64_t row) const {
  if (!Has(values_, row)) return {};
  return values_->Value(row);
}

Result<BoolColumn> BoolColumn::Find(const StructColumn& parent, const std::string& name) {
  BoolColumn column;
  RTL_TRY(column.values_, FindAs<arrow::BooleanArray>(parent, name));
  return column;
}

std::optional<bool> BoolColumn::At(std::int64_t row) const {
  if (!Has(values_, row)) return {};
  return values_->Value(row);
}

Result<StringListColumn> StringListColumn::Find(const StructColumn& parent, const std::string& name) {
  StringListColumn column;
  RTL_TRY(const auto array, FindField(parent, name));
  if (!array) return column;
  if (array->type_id() != arrow::Type::LIST) return WrongType(name, *array->type());
  column.lists_ = std::static_pointer_cast<arrow::ListArray>(array);
  RTL_TRY(column.values_, As<arrow::StringArray>(column.lists_->values(), name));
  return column;
}

std::vector<std::string> StringListColumn::At(std::int64_t row) const {
  std::vector<std::string> list;
  if (!Has(lists_, row)) return list;
  for (auto at = lists_->value_offset(row); at < lists_->value_offset(row + 1); ++at) {
    if (values_->IsValid(at)) list.push_back(ToString(*values_, at));
  }
  return list;
}

Result<StringMapColumn> StringMapColumn::Find(const StructColumn& parent, const std::string& name) {
  StringMapColumn column;
  RTL_TRY(const auto array, FindField(parent, name));
  if (!array) return column;
  if (array->type_id() != arrow::Type::MAP) return WrongType(name, *array->type());
  column.maps_ = std::static_pointer_cast<arrow::MapArray>(array);
  RTL_TRY(column.keys_, As<arrow::StringArray>(column.maps_->keys(), name));
  RTL_TRY(column.values_, As<arrow::StringArray>(column.maps_->items(), name));
  return column;
}

std::map<std::string, std::optional<std::string>> StringMapColumn::NullableAt(std::int64_t row) const {
  std::map<std::string, std::optional<std::string>> map;
  if (!Has(maps_, row)) return map;
  for (auto at = maps_->value_offset(row); at < maps_->value_offset(row + 1); ++at) {
    auto& value = map[ToString(*keys_, at)];
    if (values_->IsValid(at)) value = ToString(*values_, at);
  }
  return map;
}

std::map<std::string, std::string> StringMapColumn::At(std::int64_t row) const {
  std::map<std::string, std::string> map;
  if (!Has(maps_, row)) return map;
  // Most writers have the keys in order: the end is the right hint.
  for (auto at = maps_->value_offset(row); at < maps_->value_offset(row + 1); ++at) {
    if (values_->IsValid(at)) {
      map.insert_or_assign(map.end(), ToString(*keys_, at), ToString(*values_, at));
    }
  }
  return map;
}

}  // namespace rtl::delta
