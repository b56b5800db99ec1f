// Checks a serialized 32-bit Roaring bitmap in full before the library gets to see it: the library's reader
// trusts what it reads (order of keys and values, counts), and a bitmap that lies would answer wrongly later
// or lead outside its memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/error.h"

namespace rtl::delta {

struct RoaringExtent {
  std::size_t bytes = 0;          // of the bitmap: how many were looked at
  std::uint64_t cardinality = 0;  // values in it
  std::uint32_t last = 0;         // the greatest value; 0 when there is none
};

// The bitmap that `bytes` begin with, in the portable format (RoaringFormatSpec). kBadData, saying what
// contradicts the format. Takes time in proportion to the bytes and no memory; what the library then builds
// from the bitmap is at most some ten times its bytes.
Result<RoaringExtent> CheckRoaring(std::string_view bytes);

}  // namespace rtl::delta
