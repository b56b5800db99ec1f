// Which files of a log to replay (protocol: "Log Compaction Files").
#pragma once

#include <vector>

#include "delta/log_listing.h"

namespace rtl::delta {

// One file to read: the commit of a version, or a compaction of several.
struct LogSegment {
  Version first = 0;
  Version last = 0;
  const CompactionFile* compaction = nullptr;  // of the listing; null: the commit
};

// Segments that cover the versions `last` down to `first`, newest first, with as few files as the listing's
// compactions allow. Whether the commits exist is not asked.
std::vector<LogSegment> SegmentsDown(const LogListing& listing, Version first, Version last);

}  // namespace rtl::delta
