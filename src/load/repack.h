// Moves rows of the snapshot into other data files without changing them: into packed files ordered by key,
// or into a file for each key. Serves convert-layout and the packed layout's compaction.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/error.h"
#include "load/live_ledger.h"
#include "load/loader.h"
#include "load/options.h"
#include "load/table_set.h"

namespace rtl::load {

struct RepackOptions {
  Layout to = Layout::kPacked;
  std::int64_t target_bytes = 128 << 20;  // of a packed file
  // A packed file is written anew when a larger share of its rows is struck out.
  double max_dead = 0.3;
  // Small packed files (delta::IsLargeEnough) are put together when there are at least so many ...
  std::size_t min_small = 8;
  bool amortised = true;  // ... as delta::PackOptions has it
};

// Makes the whole snapshot's layout `options.to`, in one commit. Files that others wrote are taken along.
// Keys that are replaced meanwhile keep what the loader gave them. kUnsupported when the table cannot get
// deletion vectors.
Result<RepackReport> ConvertLayout(const TableSet& tables, LiveLedger& ledger, const RepackOptions& options,
                                   const Clock& clock, const std::stop_token& stop);

// Writes anew what is mostly dead or small among the shared files of a packed snapshot; one commit.
Result<RepackReport> CompactPacked(const TableSet& tables, LiveLedger& ledger, const RepackOptions& options,
                                   const Clock& clock, const std::stop_token& stop);

}  // namespace rtl::load
