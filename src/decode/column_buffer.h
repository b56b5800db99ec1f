// One column of a slice while its rows are decoded: Arrow buffers that grow. Private to decode/.
#pragma once

#include <arrow/array.h>
#include <arrow/buffer_builder.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "decode/columns.h"

namespace rtl::decode {

// Rows are appended in order; rows left out are NULL. Throws std::bad_alloc.
class ColumnBuffer {
 public:
  explicit ColumnBuffer(ColumnType type);

  // The value of `row` (not before the last one). `progress`: the share of the slice that has been read,
  // for sizing.
  void AppendString(std::int64_t row, std::string_view value, double progress);
  void AppendBigint(std::int64_t row, std::int64_t value);
  void AppendDouble(std::int64_t row, double value);
  void AppendBoolean(std::int64_t row, bool value);

  std::shared_ptr<arrow::Array> Finish(std::int64_t rows);

 private:
  void PadTo(std::int64_t row);
  void AppendValid();
  void GrowData(std::int64_t more, double progress);

  ColumnType type_;
  std::int64_t rows_ = 0;
  std::int64_t nulls_ = 0;
  arrow::TypedBufferBuilder<bool> validity_;  // in use from the first NULL on
  arrow::TypedBufferBuilder<std::int32_t> offsets_;
  arrow::BufferBuilder data_;
  arrow::TypedBufferBuilder<bool> bits_;
};

std::shared_ptr<arrow::DataType> ArrowType(ColumnType type);

}  // namespace rtl::decode
