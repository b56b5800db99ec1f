#include "load/arrow_rows.h"

#include <arrow/api.h>

namespace rtl::load {

struct BatchBuilder::Impl {
  std::size_t rows;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  arrow::Status status;

  template <typename Builder, typename Column, typename Convert>
  void Take(Builder& builder, const Column& column, const Convert& convert) {
    for (std::size_t i = 0; i < rows && status.ok(); ++i) {
      const auto value = column.value(i);
      status = value ? builder.Append(convert(*value)) : builder.AppendNull();
    }
    std::shared_ptr<arrow::Array> array;
    if (status.ok()) status = builder.Finish(&array);
    fields.push_back(arrow::field(column.name, builder.type()));
    columns.push_back(std::move(array));
  }
};

BatchBuilder::BatchBuilder(std::size_t rows) : impl_(std::make_unique<Impl>()) {
  impl_->rows = rows;
}
BatchBuilder::~BatchBuilder() = default;

BatchBuilder& BatchBuilder::Add(const StringColumn& column) {
  arrow::StringBuilder builder;
  impl_->Take(builder, column, [](std::string_view value) { return value; });
  return *this;
}

BatchBuilder& BatchBuilder::Add(const LongColumn& column) {
  arrow::Int64Builder builder;
  impl_->Take(builder, column, [](std::int64_t value) { return value; });
  return *this;
}

BatchBuilder& BatchBuilder::Add(const TimestampColumn& column) {
  arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                                  arrow::default_memory_pool());
  impl_->Take(builder, column, [](Timestamp value) { return MicrosSinceEpoch(value); });
  return *this;
}

BatchBuilder& BatchBuilder::Add(const BooleanColumn& column) {
  arrow::BooleanBuilder builder;
  impl_->Take(builder, column, [](bool value) { return value; });
  return *this;
}

Result<std::shared_ptr<arrow::RecordBatch>> BatchBuilder::Finish() {
  if (!impl_->status.ok()) return Fail(ErrorKind::kResourceExhausted, impl_->status.ToString());
  return arrow::RecordBatch::Make(arrow::schema(impl_->fields), static_cast<std::int64_t>(impl_->rows),
                                  impl_->columns);
}

std::int64_t BatchReader::rows() const {
  return batch_.num_rows();
}

std::optional<std::string> BatchReader::Text(const char* name, std::int64_t row) const {
  const auto column = batch_.GetColumnByName(name);
  if (!column || column->type_id() != arrow::Type::STRING || column->IsNull(row)) return std::nullopt;
  return std::string(static_cast<const arrow::StringArray&>(*column).GetView(row));
}

std::optional<std::int64_t> BatchReader::Long(const char* name, std::int64_t row) const {
  const auto column = batch_.GetColumnByName(name);
  if (!column || column->IsNull(row)) return std::nullopt;
  if (column->type_id() == arrow::Type::INT64)
    return static_cast<const arrow::Int64Array&>(*column).Value(row);
  if (column->type_id() == arrow::Type::TIMESTAMP)
    return static_cast<const arrow::TimestampArray&>(*column).Value(row);
  return std::nullopt;
}

std::optional<bool> BatchReader::Boolean(const char* name, std::int64_t row) const {
  const auto column = batch_.GetColumnByName(name);
  if (!column || column->type_id() != arrow::Type::BOOL || column->IsNull(row)) return std::nullopt;
  return static_cast<const arrow::BooleanArray&>(*column).Value(row);
}

}  // namespace rtl::load
