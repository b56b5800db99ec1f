// One data file, opened for reading its rows as the table has them.
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>

#include "core/error.h"
#include "delta/read_columns.h"
#include "delta/table.h"

namespace rtl::delta {

struct FileReadOptions {
  std::int64_t batch_rows = 16384;
  bool with_positions = false;
};

using BatchSink = std::function<Result<>(const std::shared_ptr<arrow::RecordBatch>&)>;

// Gives the rows of a logical file to `sink`, without those that its deletion vector strikes out; see
// ReadDataFile. An error of `sink` ends the read and is returned as it is.
Result<> ReadRows(const Table& table, const ReadColumns& columns, const Add& add,
                  const FileReadOptions& options, const BatchSink& sink);

}  // namespace rtl::delta
