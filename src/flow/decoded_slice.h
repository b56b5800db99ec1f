// Rows and rejected lines of one slice of a file: the hand-off from decode/ to encode/.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace arrow {
class RecordBatch;
}

namespace rtl {

// A line that is not a row. Goes to the quarantine table with its bytes.
struct RejectedLine {
  std::int64_t line_number = 0;  // 1 is the file's first line
  std::int64_t byte_offset = 0;  // of the line's first byte in the decompressed file
  std::string reason;
  std::string bytes;  // the line without its line end
};

// Accounting: lines = rows + rejects + blank_lines, always.
struct DecodedSlice {
  // Data columns only, each nullable; columns in order of first appearance after the known ones that occur.
  // Null when the slice has no rows.
  std::shared_ptr<arrow::RecordBatch> rows;
  std::vector<RejectedLine>
      rejects;  // by line number; numbers and offsets count from the slice's start until placed
  std::int64_t lines = 0;
  std::int64_t row_count = 0;
  std::int64_t blank_lines = 0;
  std::map<std::string, std::int64_t>
      unknown_keys;  // with pinned columns: keys that have none, and in how many rows
};

}  // namespace rtl
