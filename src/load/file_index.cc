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
        const auto& positions = static_cast<const arrow::Int64Array&>(*batch.column(2));
        return batch.num_rows() == 0 ? Result<>() : AddRows(batch, positions.Value(0), builder);
      });
  RTL_CHECK(read);
  return std::move(builder).Finish();
}

}  // namespace rtl::load
