// The rows that a commit deletes and inserts, written down for readers of the change data feed (protocol:
// "Add CDC File"). Needed where a commit changes part of a file: readers then look at these files alone, so
// everything that the commit changes has to be told.
#pragma once

#include <memory>
#include <vector>

#include "core/error.h"
#include "delta/actions.h"
#include "delta/table.h"

namespace rtl::delta {
class ChangeDataWriter;
class RowSet;
}  // namespace rtl::delta

namespace rtl::load {

// One thread at a time. Memory: one file of changes. What was put for a commit that never came is an orphan,
// as data files are. Errors: as delta::ReadDataFile and delta::ChangeDataWriter.
class ChangeRows {
 public:
  // `before` and `after`: the table's metadata without and with the commit. `table` must outlive the object.
  ChangeRows(const delta::Table& table, const delta::Protocol& protocol, const delta::Metadata& before,
             const delta::Metadata& after);
  ~ChangeRows();

  Result<> Deleted(const delta::Remove& file);  // all its rows
  Result<> Deleted(const delta::Add& file,
                   const delta::RowSet& positions);  // these, as far as they are not gone
  Result<> Inserted(const delta::Add& file);         // all rows of a file that was put

  Result<std::vector<delta::AddCdc>> Finish();  // the last call

 private:
  const delta::Table& table_;
  delta::TableState before_;
  delta::TableState after_;
  std::unique_ptr<delta::ChangeDataWriter> writer_;
};

}  // namespace rtl::load
