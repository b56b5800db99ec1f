// Puts a commit and finds out what became of it.
#pragma once

#include <span>

#include "core/error.h"
#include "delta/table.h"

namespace rtl::delta {

// kCommitted or kConflicted. While the outcome is unknown the commit is read back, and the same bytes are put
// again where it is absent, for a few seconds; then kCommitUnknown. kBadData when the commit before it is
// gone from the log: the table was set back or removed, and nothing was written.
Result<PutOutcome> PutSettledCommit(const Table& table, Version version, std::span<const Action> actions);

}  // namespace rtl::delta
