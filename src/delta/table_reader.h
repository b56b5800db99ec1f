// Rows of a table's data files as Arrow record batches.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "delta/table.h"

namespace arrow {
class RecordBatch;
}

namespace rtl::delta {

struct ReadOptions {
  std::vector<std::string> columns;  // names in the table's schema; empty means all
  std::int64_t batch_rows = 16384;
  bool with_positions = false;  // a last column kPositionColumn (int64): the row's position in its file
};

inline constexpr const char* kPositionColumn = "_row_position";

// Gives the rows of one logical file to `sink`, in file order, without those that its deletion vector takes
// away, with the columns in the asked order; a column that the file lacks is null. The table's types decide,
// not the file's order. An error of `sink` ends the read and is returned. Memory: one row group at a time,
// read through ranged gets. kBadData for a damaged file, naming it.
Result<> ReadDataFile(const Table& table, const TableState& state, const Add& add, const ReadOptions& options,
                      const std::function<Result<>(const arrow::RecordBatch&)>& sink);

}  // namespace rtl::delta
