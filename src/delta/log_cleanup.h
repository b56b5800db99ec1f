// Removes what has expired from a table's log (protocol: "Metadata Cleanup").
//
// The newest commit from before midnight (UTC) of the day that the retention reaches back to is the cut-off;
// the newest checkpoint at or before it, which must prove readable without anything older, is the oldest
// version that is kept. Of what is older goes, in this order: log compaction files, then commits, checksums
// and checkpoints, ascending by version; then what only a removed checkpoint referred to. So wherever it
// ends, each version from the kept checkpoint on is readable, and the log has no gap in it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string_view>

#include "core/error.h"
#include "delta/table.h"

namespace rtl::delta {

struct LogCleanupReport {
  Version version = -1;  // of the table
  Version kept_from =
      -1;  // the oldest version that can be read on; -1: no checkpoint is old enough, nothing goes
  std::int64_t files = 0;  // deleted; of a dry run: that would be
  std::int64_t bytes = 0;
};

struct LogCleanupOptions {
  std::optional<std::chrono::milliseconds> retention;  // absent: the table's own (delta.logRetentionDuration)
  // The table's own or this, whichever is longer. Not with `retention`.
  std::optional<std::chrono::milliseconds> at_least;
  std::optional<Version> needed_after;  // commits after this version must stay, however old
  // delta.enableExpiredLogCleanup = false is for other programs: this caller knows what must stay.
  bool even_if_switched_off = false;
  bool dry_run = false;
  std::function<void(std::string_view name, std::int64_t bytes)> on_file;  // deleted, or would be
};

// kBadConfig: the table's property switches it off. kUnsupported: a protocol that this library may not write.
// kCancelled: stopped between two batches. Safe beside writers and readers, and beside others that clean.
Result<LogCleanupReport> CleanLog(const Table& table, const LogCleanupOptions& options = {},
                                  std::stop_token stop = {});

}  // namespace rtl::delta
