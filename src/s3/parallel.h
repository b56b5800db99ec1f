// Work on numbered pieces by a few threads at once.
#pragma once

#include <cstdint>
#include <functional>

#include "core/error.h"

namespace rtl::s3 {

// Calls `work` for 0 .. count-1, from at most `threads` threads of which the caller's is one, in ascending
// order of their beginnings. The first error is the answer; pieces that are not begun by then are left.
Result<> ForEachPiece(std::int64_t count, int threads, const std::function<Result<>(std::int64_t)>& work);

}  // namespace rtl::s3
