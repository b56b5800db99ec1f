// Rows of a table's data files as Arrow record batches (protocol: "Requirements for Readers").
//
// The table's schema decides on names, types and order, whatever a file has: columns and fields of structs
// that it lacks are null, other physical types of the same kind are converted, mapped columns are found by
// physical name or id, partition columns come from the log, rows struck out by a deletion vector are left
// out.
//
// Errors: kBadData, naming the file, for a damaged one or one that contradicts the table; kNotFound for one
// that is gone; kUnsupported for one outside the store, for variant columns. An error of a sink ends the read
// and is returned as it is. Memory: one row group at a time, read through ranged gets.
#pragma once

#include <cstdint>
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

struct Predicate;

struct ReadOptions {
  std::vector<std::string> columns;  // names in the table's schema; empty means all
  std::int64_t batch_rows = 16384;
  bool with_positions = false;  // a last column kPositionColumn (int64): the row's position in its file
  // Of timestamps without a zone in partition values, which older writers leave: the table does not tell it.
  std::string partition_zone = "UTC";
};

inline constexpr const char* kPositionColumn = "_row_position";

// Gives each batch of one logical file to `sink`, in file order, with the columns in the asked order.
Result<> ReadDataFile(const Table& table, const TableState& state, const Add& add, const ReadOptions& options,
                      const std::function<Result<>(const arrow::RecordBatch&)>& sink);

struct TableReadOptions : ReadOptions {
  std::shared_ptr<const Predicate> where;      // rows for which it is true; null means all
  std::function<bool(const Add&)> wants_file;  // asked before a file is opened; null means all
};

// What a read has done.
struct ReadCounts {
  std::int64_t files_read = 0;
  std::int64_t files_skipped = 0;  // by statistics, partition values or wants_file
  std::int64_t rows = 0;           // given to the sink
};

// Gives the rows of the whole table, file by file: oldest first, by path among those of one commit. Files
// that cannot have a row wanted, by their partition values and statistics, are not opened; their statistics
// are known where `state` was loaded in full detail. Batches have at least one row.
Result<ReadCounts> ReadTable(const Table& table, const TableState& state, const TableReadOptions& options,
                             const std::function<Result<>(const Add&, const arrow::RecordBatch&)>& sink);

}  // namespace rtl::delta
