// Which small files of a table are worth rewriting into larger ones: pure functions on values.
#pragma once

#include <cstdint>
#include <vector>

#include "delta/actions.h"

namespace rtl::delta {

struct PackOptions {
  std::int64_t target_bytes = 128 << 20;  // of a file written
  std::int64_t min_files = 2;             // fewer small ones are left as they are
  // For a pass that comes again and again: a file larger than all smaller ones together is left, so that no
  // row is written anew more than a few times in its life.
  bool amortised = false;
};

// A file that need not be touched: three quarters of the target or more.
bool IsLargeEnough(std::int64_t bytes, const PackOptions& options);

// Files that may all be merged with each other, into bins of two files or more that hold the target at most.
// Bins, and files in them, are in the order in which the files were written. Large files and what fits into
// no bin are left out.
std::vector<std::vector<Add>> PackBins(std::vector<Add> files, const PackOptions& options);

}  // namespace rtl::delta
