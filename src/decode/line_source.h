// Bytes of an object -> decompressed slices that end at line ends.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace rtl::decode {

struct SliceOptions {
  std::int64_t slice_bytes = 4 << 20;       // a slice is about this long; longer only for a longer line
  std::int64_t max_line_bytes = 256 << 20;  // a longer line fails the file (kResourceExhausted)
  std::int64_t max_decompressed_bytes =
      64LL << 30;  // a compressed file that unpacks to more fails (kResourceExhausted)
};

struct Slice {
  std::string bytes;  // whole lines; the file's last line may lack its '\n'. UTF-8 BOM already taken off
  std::int64_t byte_offset = 0;  // of bytes[0] in the decompressed file (BOM counted)
};

// Pulls pieces of the object from `read` (empty = end), sees by content whether they are gzip (several
// members allowed) or zstd (several frames allowed), and cuts the decompressed bytes. Truncated or damaged
// compression is kBadData. Holds at most a slice, a line's rest and a decompression window. One thread at a
// time.
class LineSource {
 public:
  using Read = std::function<Result<std::string>()>;
  LineSource(Read read, SliceOptions options = {});
  ~LineSource();

  // The next slice; nullopt at the end. An empty file has none.
  Result<std::optional<Slice>> Next();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtl::decode
