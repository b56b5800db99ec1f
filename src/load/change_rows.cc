#include "load/change_rows.h"

#include <arrow/record_batch.h>

#include "delta/change_data.h"
#include "delta/row_set.h"
#include "delta/table_reader.h"
#include "load/file_index.h"

namespace rtl::load {

ChangeRows::ChangeRows(const delta::Table& table, const delta::Protocol& protocol,
                       const delta::Metadata& before, const delta::Metadata& after)
    : table_(table), writer_(std::make_unique<delta::ChangeDataWriter>(table, protocol, after)) {
  before_.protocol = after_.protocol = protocol;
  before_.metadata = before;
  after_.metadata = after;
}

ChangeRows::~ChangeRows() = default;

Result<> ChangeRows::Deleted(const delta::Remove& file) {
  delta::Add removed;
  removed.path = file.path;
  removed.size = file.size.value_or(0);
  removed.partition_values = file.partition_values;
  removed.deletion_vector = file.deletion_vector;
  return delta::ReadDataFile(table_, before_, removed, {}, [&](const arrow::RecordBatch& batch) {
    return writer_->Append(delta::ChangeType::kDelete, batch);
  });
}

Result<> ChangeRows::Deleted(const delta::Add& file, const delta::RowSet& positions) {
  delta::ReadOptions options;
  options.with_positions = true;
  const auto take_run = [&](std::int64_t first, const arrow::RecordBatch& rows) -> Result<> {
    std::int64_t at = first;
    const auto take_until = [&](std::int64_t end) -> Result<> {
      if (end <= at) return {};
      return writer_->Append(delta::ChangeType::kDelete, *rows.Slice(at - first, end - at));
    };
    for (const delta::RowRange& kept : positions.Without(first, rows.num_rows())) {
      RTL_CHECK(take_until(kept.first));
      at = kept.end();
    }
    return take_until(first + rows.num_rows());
  };
  return delta::ReadDataFile(table_, before_, file, options,
                             [&](const arrow::RecordBatch& batch) { return ForEachRun(batch, take_run); });
}

Result<> ChangeRows::Inserted(const delta::Add& file) {
  return delta::ReadDataFile(table_, after_, file, {}, [&](const arrow::RecordBatch& batch) {
    return writer_->Append(delta::ChangeType::kInsert, batch);
  });
}

Result<std::vector<delta::AddCdc>> ChangeRows::Finish() {
  return writer_->Finish();
}

}  // namespace rtl::load
