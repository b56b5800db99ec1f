// Whose rows lie where in a data file that several keys share: one that another program wrote (OPTIMIZE,
// UPDATE), or a packed one of ours. Our own files of one key carry it in their tags instead (FileTag).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "delta/row_set.h"
#include "delta/table.h"

namespace arrow {
class RecordBatch;
}

namespace rtl::load {

using delta::RowRange;
using delta::RowsIn;

struct FileIndex {
  struct Member {
    std::string source_file;
    std::int64_t file_version = 0;
    std::vector<RowRange> ranges;  // ascending; without struck out rows
  };
  std::vector<Member> members;  // by source_file, then file_version
  std::int64_t rows = 0;        // live ones, also those without a source_file
};

// Collects members row by row, in the file's order.
class FileIndexBuilder {
 public:
  void Add(std::int64_t position, std::string_view source_file, std::int64_t file_version);
  void AddUnowned() { ++index_.rows; }
  FileIndex Finish() &&;

 private:
  FileIndex index_;
  std::size_t last_ = 0;  // member of the row before
  std::map<std::pair<std::string, std::int64_t>, std::size_t, std::less<>> by_key_;
};

// Of a batch read with positions: use(position of the first row, rows without that column) for each run of
// rows that follow one another in the file. A deletion vector leaves gaps.
Result<> ForEachRun(const arrow::RecordBatch& batch,
                    const std::function<Result<>(std::int64_t, const arrow::RecordBatch&)>& use);

// Rows of a batch that has the columns source_file and file_version, by name; the first one is at `position`
// of the file. kUnsupported when these have been given other types.
Result<> AddRows(const arrow::RecordBatch& batch, std::int64_t position, FileIndexBuilder& index);

// The tag of a packed file of ours: one that holds several keys' rows from the start.
inline constexpr const char* kPackedTag = "rtloader.packed";
inline bool IsPacked(const delta::Add& add) {
  return add.tags.contains(kPackedTag);
}

// Reads two columns of the file, and its deletion vector. kNotFound when the file is gone: another program
// replaced it meanwhile. Rows whose source_file is NULL belong to nobody.
Result<FileIndex> ReadFileIndex(const delta::Table& table, const delta::TableState& state,
                                const delta::Add& add);

}  // namespace rtl::load
