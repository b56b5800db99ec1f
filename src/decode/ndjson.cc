#include "decode/ndjson.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <cstring>
#include <limits>
#include <new>

#include "decode/json_scanner.h"
#include "decode/json_string.h"
#include "decode/row_columns.h"

namespace rtl::decode {
namespace {

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

// UTF-16 text cut at '\n' bytes: a byte order mark, or just one of the first two bytes zero.
bool LooksLikeUtf16(std::string_view line) {
  if (line.starts_with("\xFF\xFE") || line.starts_with("\xFE\xFF")) return true;
  return line.size() > 1 ? (line[0] == '\0') != (line[1] == '\0') : line == std::string_view("\0", 1);
}

class SliceDecoder {
 public:
  SliceDecoder(std::string_view lines, const NdjsonOptions& options) : lines_(lines), columns_(options) {}

  DecodedSlice Run() {
    utf8_ = simdjson::validate_utf8(lines_.data(), lines_.size());
    const char* const begin = lines_.data();
    const char* const end = begin + lines_.size();
    JsonScanner scanner(end);
    const char* p = begin;
    while (p != end) {
      const auto* newline = static_cast<const char*>(std::memchr(p, '\n', static_cast<std::size_t>(end - p)));
      if (newline == nullptr) break;
      DecodeLine(scanner, p, newline, p - begin);
      p = newline + 1;
    }
    if (p != end) {
      // The scanner wants a '\n' that it may read behind each line.
      const std::string last = std::string(p, end) + '\n';
      const char* const last_end = last.data() + last.size();
      JsonScanner last_scanner(last_end);
      DecodeLine(last_scanner, last.data(), last_end - 1, p - begin);
    }
    if (out_.row_count > 0) out_.rows = columns_.Finish(out_.row_count);
    out_.unknown_keys = columns_.TakeUnknownKeys();
    return std::move(out_);
  }

 private:
  void DecodeLine(JsonScanner& scanner, const char* begin, const char* end, std::int64_t offset) {
    ++out_.lines;
    const std::string_view line(begin, end);
    if (line.empty() || (*begin != '{' && IsBlank(line))) {
      ++out_.blank_lines;
      return;
    }
    if (!utf8_ && !simdjson::validate_utf8(line.data(), line.size())) {
      Reject(line, offset, fmt::format("invalid UTF-8 at byte {}", FindInvalidUtf8(line)));
      return;
    }
    if (!scanner.ScanRow(begin, end)) {
      Reject(line, offset, fmt::format("{} (at byte {})", scanner.error(), scanner.error_at() - begin));
      return;
    }
    const double progress = static_cast<double>(offset + (end - begin)) / static_cast<double>(lines_.size());
    std::string reason = columns_.AddRow(scanner.members(), out_.row_count, progress);
    if (reason.empty()) {
      ++out_.row_count;
    } else {
      Reject(line, offset, std::move(reason));
    }
  }

  void Reject(std::string_view line, std::int64_t offset, std::string reason) {
    if (LooksLikeUtf16(line)) reason = "looks like UTF-16; the file must be UTF-8";
    if (line.ends_with('\r')) line.remove_suffix(1);
    out_.rejects.push_back({.line_number = out_.lines,
                            .byte_offset = offset,
                            .reason = std::move(reason),
                            .bytes = std::string(line)});
  }

  std::string_view lines_;
  bool utf8_ = true;  // all of the slice is; else each line is looked at
  RowColumns columns_;
  DecodedSlice out_;
};

}  // namespace

Result<DecodedSlice> DecodeNdjson(std::string_view lines, const NdjsonOptions& options) {
  if (lines.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    return Fail(ErrorKind::kResourceExhausted,
                fmt::format("a slice of {} bytes is longer than 2 GiB", lines.size()));
  }
  try {
    return SliceDecoder(lines, options).Run();
  } catch (const std::bad_alloc&) {
    return Fail(ErrorKind::kResourceExhausted,
                fmt::format("no memory for a slice of {} bytes", lines.size()));
  }
}

}  // namespace rtl::decode
