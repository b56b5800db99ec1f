// gzip and zstd, told apart by content. Private to decode/.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/error.h"

namespace rtl::decode {

// Bytes needed to tell.
inline constexpr std::size_t kMagicBytes = 10;

class Decompressor {
 public:
  virtual ~Decompressor() = default;

  // Takes bytes from the front of `in` and appends at most about `limit` bytes to `out`. Called until it
  // neither takes nor appends anything; then it wants more input. kBadData when the compression is damaged.
  virtual Result<> Unpack(std::string_view& in, std::string& out, std::size_t limit) = 0;

  // At the end of the input: kBadData when a member or frame is not complete.
  virtual Result<> Finish() const = 0;
};

// By the first bytes of the object; null when it is plain. kUnsupported, with its name, for a format that is
// known not to be lines (zip, xz, bzip2, lz4, Parquet): a million rejected lines would say less.
Result<std::unique_ptr<Decompressor>> DecompressorFor(std::string_view first_bytes);

}  // namespace rtl::decode
