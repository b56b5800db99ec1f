#include "delta/table_reader.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "delta/data_file_reader.h"
#include "delta/file_skipping.h"
#include "delta/parquet_object.h"
#include "delta/predicate_rows.h"
#include "delta/read_columns.h"

namespace rtl::delta {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

FileReadOptions FileOptionsOf(const ReadOptions& options) {
  return {.batch_rows = options.batch_rows, .with_positions = options.with_positions};
}

// The rows for which `where` is true; null when there are none.
Result<BatchPtr> RowsWhere(const Predicate& where, const BatchPtr& rows) {
  RTL_TRY(const auto truths, TruthOf(where, *rows));
  const auto wanted = std::ranges::count(truths, Truth::kTrue);
  if (wanted == rows->num_rows()) return rows;
  if (wanted == 0) return BatchPtr();
  arrow::BooleanBuilder builder;
  if (const auto reserved = builder.Reserve(rows->num_rows()); !reserved.ok())
    return Fail(FromArrow(reserved));
  for (const Truth truth : truths) builder.UnsafeAppend(truth == Truth::kTrue);
  RTL_TRY(const auto mask, FromArrow(builder.Finish()));
  RTL_TRY(const auto filtered, FromArrow(arrow::compute::Filter(arrow::Datum(rows), arrow::Datum(mask))));
  return filtered.record_batch();
}

// The columns asked for, and after them those that only the condition reads.
std::vector<std::string> NamesToRead(const TableReadOptions& options) {
  if (options.columns.empty() || !options.where) return options.columns;
  std::vector<std::string> names = options.columns;
  for (std::string& name : ColumnsOf(*options.where)) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

// Without the columns from `asked` on that only the condition needed; a position column stays the last.
Result<BatchPtr> Project(BatchPtr rows, int asked, int read) {
  for (int at = read - 1; at >= asked; --at) {
    RTL_TRY(rows, FromArrow(rows->RemoveColumn(at)));
  }
  return rows;
}

// Paths of the files to read, oldest first.
Result<std::vector<std::string>> FilesToRead(const TableState& state, const TableReadOptions& options,
                                             const TimeZone& zone) {
  std::vector<std::pair<std::int64_t, std::string>> files;
  const auto judged = state.files.ForEach([&](const Add& add) -> Result<> {
    if (options.wants_file && !options.wants_file(add)) return {};
    if (options.where) {
      RTL_TRY(const bool may_have, MayHaveRows(*options.where, add, zone));
      if (!may_have) return {};
    }
    files.emplace_back(add.modification_time_ms, add.path);
    return {};
  });
  RTL_CHECK(judged);
  std::ranges::sort(files);
  std::vector<std::string> paths;
  paths.reserve(files.size());
  for (auto& [time, path] : files) paths.push_back(std::move(path));
  return paths;
}

}  // namespace

Result<> ReadDataFile(const Table& table, const TableState& state, const Add& add, const ReadOptions& options,
                      const std::function<Result<>(const arrow::RecordBatch&)>& sink) {
  RTL_TRY(const auto columns, ReadColumns::Of(state, options.columns, options.partition_zone));
  return ReadRows(table, columns, add, FileOptionsOf(options),
                  [&](const BatchPtr& rows) { return sink(*rows); });
}

Result<ReadCounts> ReadTable(const Table& table, const TableState& state, const TableReadOptions& options,
                             const std::function<Result<>(const Add&, const arrow::RecordBatch&)>& sink) {
  RTL_TRY(const auto columns, ReadColumns::Of(state, NamesToRead(options), options.partition_zone));
  const auto read = static_cast<int>(columns.columns.size());
  const int asked = options.columns.empty() ? read : static_cast<int>(options.columns.size());
  RTL_TRY(const auto paths, FilesToRead(state, options, columns.partition_zone));
  ReadCounts counts;
  counts.files_skipped = static_cast<std::int64_t>(state.files.size() - paths.size());
  for (const std::string& path : paths) {
    const auto add = state.files.Find(path);
    ++counts.files_read;
    RTL_CHECK(ReadRows(table, columns, *add, FileOptionsOf(options), [&](BatchPtr rows) -> Result<> {
      if (options.where) {
        RTL_TRY(rows, RowsWhere(*options.where, rows));
      }
      if (!rows) return {};
      RTL_TRY(rows, Project(std::move(rows), asked, read));
      counts.rows += rows->num_rows();
      return sink(*add, *rows);
    }));
  }
  return counts;
}

}  // namespace rtl::delta
