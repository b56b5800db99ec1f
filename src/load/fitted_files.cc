#include "load/fitted_files.h"

#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/uuid.h"
#include "delta/table_reader.h"
#include "load/file_columns.h"

namespace rtl::load {
namespace {

// Types that data files of ours have.
bool IsOurs(const std::string& type) {
  constexpr std::string_view kTypes[] = {"string", "boolean", "long", "double", "timestamp", "binary"};
  return std::ranges::find(kTypes, type) != std::end(kTypes);
}

Result<std::shared_ptr<arrow::RecordBatch>> OneBatch(
    const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
  auto whole = arrow::ConcatenateRecordBatches(batches);
  if (whole.ok()) return std::move(whole).ValueUnsafe();
  return Fail(whole.status().IsOutOfMemory() ? ErrorKind::kResourceExhausted : ErrorKind::kInternal,
              whole.status().ToString());
}

}  // namespace

Result<FittedFiles> FittedFiles::Make(const delta::Table& table, Role role, TableSchema from,
                                      const TableSchema& to) {
  FittedFiles files(table);
  RTL_TRY(const FileColumns was, FileColumnsOf(role, from.protocol, from.metadata));
  RTL_TRY(const FileColumns now, FileColumnsOf(role, to.protocol, to.metadata));
  for (const delta::Field& field : from.metadata.schema.fields) {
    if (IsOurs(field.type)) files.columns_.push_back(field.name);
  }
  files.as_they_are_ = now.HoldsAsStored(was.stored.get(), files.columns_);
  files.stored_ = now.stored;
  files.from_.protocol = std::move(from.protocol);
  files.from_.metadata = std::move(from.metadata);
  return files;
}

Result<delta::Add> FittedFiles::Fit(delta::Add add, Timestamp now) const {
  if (as_they_are_) return add;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  RTL_CHECK(delta::ReadDataFile(*table_, from_, add, {.columns = columns_},
                                [&](const arrow::RecordBatch& batch) -> Result<> {
                                  batches.push_back(batch.Slice(0));
                                  return {};
                                }));
  if (batches.empty()) return Fail(ErrorKind::kBadData, fmt::format("{} has no rows", add.path));
  RTL_TRY(const auto rows, OneBatch(batches));
  RTL_TRY(const EncodedFile file, encode::EncodeBatch(*rows, {.stored = stored_}));
  delta::Add fitted = std::move(add);
  // The same beginning: the key's hash, or "packed".
  fitted.path = fmt::format("{}-{}.parquet", fitted.path.substr(0, fitted.path.find('-')), NewUuid());
  fitted.path_in_log.clear();
  fitted.size = static_cast<std::int64_t>(file.bytes.size());
  fitted.stats = file.stats;
  fitted.modification_time_ms = MillisSinceEpoch(now);
  RTL_CHECK(table_->store().Put(table_->DataKey(fitted.path), file.bytes));
  return fitted;
}

}  // namespace rtl::load
