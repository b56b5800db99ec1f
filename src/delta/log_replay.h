// Commits of a log into a replay.
#pragma once

#include "core/error.h"
#include "delta/log_listing.h"
#include "delta/reconcile.h"
#include "delta/table.h"

namespace rtl::delta {

// Applies the commits target..first, newest first; log compactions stand for theirs where the listing has
// any, and a damaged one is passed over. kBadData naming the version where one is missing.
Result<> ApplyCommits(const Table& table, const LogListing& listing, Version first, Version target,
                      Replay& replay);

// Whether what is wrong with a checkpoint or a compaction may be mended by reading an older one, or the
// commits.
bool MayDoWithOlder(const Error& error);

}  // namespace rtl::delta
