#include "decode/column_buffer.h"

#include <algorithm>
#include <new>

namespace rtl::decode {
namespace {

void OrThrow(const arrow::Status& status) {
  if (!status.ok()) throw std::bad_alloc();  // growing is all that can fail
}

}  // namespace

std::shared_ptr<arrow::DataType> ArrowType(ColumnType type) {
  switch (type) {
    case ColumnType::kString:
      return arrow::utf8();
    case ColumnType::kBoolean:
      return arrow::boolean();
    case ColumnType::kBigint:
      return arrow::int64();
    case ColumnType::kDouble:
      return arrow::float64();
    case ColumnType::kForeign:
      return arrow::null();
  }
  return arrow::utf8();
}

ColumnBuffer::ColumnBuffer(ColumnType type) : type_(type) {}

void ColumnBuffer::PadTo(std::int64_t row) {
  const std::int64_t missing = row - rows_;
  if (missing == 0) return;
  if (nulls_ == 0) OrThrow(validity_.Append(rows_, true));
  OrThrow(validity_.Append(missing, false));
  nulls_ += missing;
  switch (type_) {
    case ColumnType::kString:
      OrThrow(offsets_.Append(missing, static_cast<std::int32_t>(data_.length())));
      break;
    case ColumnType::kBoolean:
      OrThrow(bits_.Append(missing, false));
      break;
    case ColumnType::kBigint:
    case ColumnType::kDouble:
      OrThrow(data_.Append(missing * 8, 0));
      break;
    case ColumnType::kForeign:
      break;
  }
  rows_ = row;
}

void ColumnBuffer::AppendValid() {
  if (nulls_ != 0) OrThrow(validity_.Append(true));
  ++rows_;
}

// Sized by what the rest of the slice will bring if it is like what has been read: growing copies.
void ColumnBuffer::GrowData(std::int64_t more, double progress) {
  const std::int64_t needed = data_.length() + more;
  const double projected = static_cast<double>(needed) / std::max(progress, 1.0 / 64) * 1.05;
  OrThrow(
      data_.Resize(std::max({needed, data_.capacity() * 2, static_cast<std::int64_t>(projected)}), false));
}

void ColumnBuffer::AppendString(std::int64_t row, std::string_view value, double progress) {
  PadTo(row);
  const auto size = static_cast<std::int64_t>(value.size());
  OrThrow(offsets_.Append(static_cast<std::int32_t>(data_.length())));
  if (data_.length() + size > data_.capacity()) GrowData(size, progress);
  data_.UnsafeAppend(value.data(), size);
  AppendValid();
}

void ColumnBuffer::AppendBigint(std::int64_t row, std::int64_t value) {
  PadTo(row);
  OrThrow(data_.Append(&value, sizeof(value)));
  AppendValid();
}

void ColumnBuffer::AppendDouble(std::int64_t row, double value) {
  PadTo(row);
  OrThrow(data_.Append(&value, sizeof(value)));
  AppendValid();
}

void ColumnBuffer::AppendBoolean(std::int64_t row, bool value) {
  PadTo(row);
  OrThrow(bits_.Append(value));
  AppendValid();
}

std::shared_ptr<arrow::Array> ColumnBuffer::Finish(std::int64_t rows) {
  PadTo(rows);
  std::shared_ptr<arrow::Buffer> validity;
  if (nulls_ != 0) OrThrow(validity_.Finish(&validity, false));
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {validity};
  if (type_ == ColumnType::kString) {
    OrThrow(offsets_.Append(static_cast<std::int32_t>(data_.length())));
    OrThrow(offsets_.Finish(&buffers.emplace_back(), false));
  }
  if (type_ == ColumnType::kBoolean) {
    OrThrow(bits_.Finish(&buffers.emplace_back(), false));
  } else {
    OrThrow(data_.Finish(&buffers.emplace_back(), false));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(ArrowType(type_), rows, std::move(buffers), nulls_));
}

}  // namespace rtl::decode
