// Change data files: the rows that a commit changed, for readers of the change data feed (protocol: "Change
// Data Files", "Add CDC File").
//
// Where delta.enableChangeDataFeed is on, a commit that removes and adds whole files needs none: readers take
// the rows of its removes as deleted and those of its adds as inserted. One that changes part of a file (a
// deletion vector, or a file written anew with rows that stay) must carry every row that it inserts or
// deletes here, since readers of a version with such files look at nothing else.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "delta/actions.h"
#include "delta/table.h"

namespace arrow {
class RecordBatch;
}

namespace rtl::delta {

enum class ChangeType : std::uint8_t { kInsert, kDelete, kUpdatePreimage, kUpdatePostimage };

// Whether a table keeps a change data feed.
bool KeepsChangeData(const Protocol& protocol, const Metadata& metadata);

// Gathers rows and puts them as files of at most about `window_bytes` of columns each. One thread at a time.
// Memory: one file. Files that were put for a commit that never came are left to a vacuum.
class ChangeDataWriter {
 public:
  using PartitionValues = std::map<std::string, std::optional<std::string>>;

  // `protocol` and `metadata`: of the table as the commit leaves it. `partition_values`: of the data files
  // that the rows are from, as in their adds; those of several partitions take several writers. `table` must
  // outlive the writer.
  ChangeDataWriter(const Table& table, const Protocol& protocol, const Metadata& metadata,
                   PartitionValues partition_values = {}, std::int64_t window_bytes = 128 << 20);
  ~ChangeDataWriter();

  // Columns go by their names in the schema; one that the batch lacks is null. Partition columns, void
  // columns and columns that the schema does not have are left out. kUnsupported for a value in a nested
  // column of a table that maps its columns.
  Result<> Append(ChangeType type, const arrow::RecordBatch& rows);

  // The actions for the commit; empty when no row was given. The last call.
  Result<std::vector<AddCdc>> Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtl::delta
