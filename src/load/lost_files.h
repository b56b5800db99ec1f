// Takes data files that cannot be read any more out of the snapshot, so that what they held can be loaded
// anew.
#pragma once

#include "core/error.h"
#include "core/time.h"
#include "load/live_ledger.h"
#include "load/table_set.h"

namespace rtl::load {

// One commit that removes all of ledger.Lost(); nothing when there are none. The keys that had rows there are
// then not explained by their last entry, and are loaded again. Errors as of a commit.
Result<> TakeOutLost(const TableSet& tables, LiveLedger& ledger, const Clock& clock);

}  // namespace rtl::load
