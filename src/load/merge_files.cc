#include "load/merge_files.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/uuid.h"
#include "delta/table_reader.h"
#include "encode/table_file.h"
#include "load/file_columns.h"

namespace rtl::load {
namespace {

// Live rows, as the add tells; absent when it does not.
std::optional<std::int64_t> RowsOf(const delta::Add& add) {
  if (add.stats.empty()) return std::nullopt;
  simdjson::dom::parser parser;
  std::int64_t rows = 0;
  if (parser.parse(add.stats)["numRecords"].get(rows) != simdjson::SUCCESS) return std::nullopt;
  return add.deletion_vector ? rows - add.deletion_vector->cardinality : rows;
}

// Values of partition columns stand in the adds, not in the files.
std::vector<std::string> ColumnsOfFiles(const delta::Metadata& metadata) {
  std::vector<std::string> names;
  for (const delta::Field& field : metadata.schema.fields) {
    const auto& partitions = metadata.partition_columns;
    if (std::ranges::find(partitions, field.name) == partitions.end()) names.push_back(field.name);
  }
  return names;
}

}  // namespace

Result<delta::Add> MergeFiles(const delta::Table& table, const delta::TableState& state,
                              const std::vector<delta::Add>& files, std::size_t always) {
  RTL_TRY(const auto stored, StoredColumnsOf(state.protocol, state.metadata));
  const delta::ReadOptions options{.columns = ColumnsOfFiles(state.metadata)};
  std::unique_ptr<encode::TableFile> merged;
  for (const delta::Add& file : files) {
    std::int64_t rows = 0;
    const auto read =
        delta::ReadDataFile(table, state, file, options, [&](const arrow::RecordBatch& batch) -> Result<> {
          if (!merged) {
            RTL_TRY(merged, encode::TableFile::Create(batch.schema(), always, {.stored = stored}));
          }
          rows += batch.num_rows();
          return merged->Write(batch);
        });
    if (!read) return Fail(read.error().Wrap(fmt::format("{}, data file {}", table.Uri(), file.path)));
    if (const auto told = RowsOf(file); told && *told != rows) {
      return Fail(ErrorKind::kBadData, fmt::format("{}: data file {} has {} rows, not {} as the log says",
                                                   table.Uri(), file.path, rows, *told));
    }
  }
  if (!merged) {
    // Files without a row group. Something must stand for them all the same.
    return Fail(ErrorKind::kBadData,
                fmt::format("{}: data file {} has no rows", table.Uri(), files.front().path));
  }
  RTL_TRY(const EncodedFile encoded, merged->Finish());
  delta::Add add;
  add.path = NewUuid() + ".parquet";
  add.partition_values = files.front().partition_values;
  add.size = static_cast<std::int64_t>(encoded.bytes.size());
  add.modification_time_ms = MillisSinceEpoch(table.clock().Now());
  add.data_change = false;
  add.stats = encoded.stats;
  auto put = table.store().Put(table.DataKey(add.path), encoded.bytes);
  if (!put) return Fail(put.error().Wrap(fmt::format("writing {} into {}", add.path, table.Uri())));
  return add;
}

}  // namespace rtl::load
