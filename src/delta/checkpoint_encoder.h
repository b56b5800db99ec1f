// Actions → the bytes of one Parquet file of a checkpoint.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>

#include "core/error.h"
#include "delta/actions.h"
#include "delta/checkpoint_rows.h"

namespace rtl::delta {

// Rows are encoded a row group at a time, so what is held is little more than the file. Errors are
// kResourceExhausted, or kInternal: what was read must be writable again. One thread at a time.
class CheckpointEncoder {
 public:
  // How the table's `metadata` asks for it (table properties delta.checkpoint.writeStatsAsJson and
  // delta.parquet.compression.codec).
  static Result<CheckpointEncoder> Open(CheckpointColumns columns, const Metadata& metadata);
  CheckpointEncoder(CheckpointEncoder&&) noexcept;
  CheckpointEncoder& operator=(CheckpointEncoder&&) noexcept;
  ~CheckpointEncoder();

  // Whatever `columns` has a column for.
  template <typename T>
  Result<> Append(const T& action);

  Result<std::shared_ptr<arrow::Buffer>> Finish();  // once, at the end
  std::int64_t size() const;                        // actions so far

 private:
  class File;
  explicit CheckpointEncoder(std::unique_ptr<File> file);

  std::unique_ptr<File> file_;
};

}  // namespace rtl::delta
