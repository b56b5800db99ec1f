#include "load/file_index.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <tuple>

#include "delta/table_reader.h"

namespace rtl::load {
void FileIndexBuilder::Add(std::int64_t position, std::string_view source_file, std::int64_t file_version) {
  ++index_.rows;
  const bool as_before = last_ < index_.members.size() && index_.members[last_].source_file == source_file &&
                         index_.members[last_].file_version == file_version;
  if (!as_before) {
    const auto [entry, is_new] =
        by_key_.try_emplace(std::pair(std::string(source_file), file_version), index_.members.size());
    if (is_new) index_.members.push_back({std::string(source_file), file_version, {}});
    last_ = entry->second;
  }
  std::vector<RowRange>& ranges = index_.members[last_].ranges;
  if (!ranges.empty() && ranges.back().first + ranges.back().count == position) {
    ++ranges.back().count;
  } else {
    ranges.push_back({position, 1});
  }
}

FileIndex FileIndexBuilder::Finish() && {
  std::ranges::sort(index_.members, {}, [](const FileIndex::Member& member) {
    return std::tie(member.source_file, member.file_version);
  });
  return std::move(index_);
}

Result<> ForEachRun(const arrow::RecordBatch& batch,
                    const std::function<Result<>(std::int64_t, const arrow::RecordBatch&)>& use) {
  const int last = batch.num_columns() - 1;
  const auto& positions = static_cast<const arrow::Int64Array&>(*batch.column(last));
  auto without = batch.RemoveColumn(last);
  if (!without.ok()) return Fail(ErrorKind::kInternal, without.status().ToString());
  const auto rows = std::move(without).ValueUnsafe();
  for (std::int64_t begin = 0; begin < rows->num_rows();) {
    std::int64_t end = begin + 1;
    while (end < rows->num_rows() && positions.Value(end) == positions.Value(end - 1) + 1) ++end;
    RTL_CHECK(use(positions.Value(begin), *rows->Slice(begin, end - begin)));
    begin = end;
  }
  return {};
}

Result<> AddRows(const arrow::RecordBatch& batch, std::int64_t position, FileIndexBuilder& index) {
  const auto source_column = batch.GetColumnByName("source_file");
  const auto version_column = batch.GetColumnByName("file_version");
  if (!source_column || source_column->type_id() != arrow::Type::STRING || !version_column ||
      version_column->type_id() != arrow::Type::INT64) {
    return Fail(ErrorKind::kUnsupported, "source_file or file_version have been given another type");
  }
  const auto& source_files = static_cast<const arrow::StringArray&>(*source_column);
  const auto& file_versions = static_cast<const arrow::Int64Array&>(*version_column);
  for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
    if (source_files.IsNull(row)) {
      index.AddUnowned();
    } else {
      index.Add(position + row, source_files.GetView(row),
                file_versions.IsNull(row) ? 0 : file_versions.Value(row));
    }
  }
  return {};
}

Result<FileIndex> ReadFileIndex(const delta::Table& table, const delta::TableState& state,
                                const delta::Add& add) {
  delta::ReadOptions options;
  options.columns = {"source_file", "file_version"};
  options.with_positions = true;
  FileIndexBuilder builder;
  const auto read =
      delta::ReadDataFile(table, state, add, options, [&](const arrow::RecordBatch& batch) -> Result<> {
        return ForEachRun(batch, [&](std::int64_t first, const arrow::RecordBatch& rows) {
          return AddRows(rows, first, builder);
        });
      });
  RTL_CHECK(read);
  return std::move(builder).Finish();
}

}  // namespace rtl::load
