// The data files whose rows a repack moves: which they are, and how they are taken out once their rows stand
// elsewhere. Decisions on a ledger, without I/O; for callers that hold its lock.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "load/file_index.h"
#include "load/ledger.h"
#include "load/repack.h"

namespace rtl::load {

// A file whose rows are to be moved, as it was when they were read.
struct RepackInput {
  delta::Add add;
  std::optional<std::string> own_key;  // set: it is that key's alone
  FileIndex index;                     // of a shared file
};

// What is not yet laid out as `to` asks, in the order in which the rows are to be read.
std::vector<RepackInput> InputsOfConversion(const Ledger& ledger, Layout to);

// Packed files that are mostly dead, and small ones where they pile up.
std::vector<RepackInput> WorthCompacting(const Ledger& ledger, const RepackOptions& options);

// Takes the inputs out as they are now: their removes go to `actions`. Tells the keys that were replaced
// since they were read: what was written for them is void. kConflict when rows were changed in a way that
// leaves some of a key's where they were.
Result<std::set<std::string>> TakeOutInputs(const std::vector<RepackInput>& inputs, const Ledger& ledger,
                                            Timestamp now, std::vector<delta::Action>& actions);

}  // namespace rtl::load
