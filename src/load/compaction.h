// What may be merged with what in the loader's tables, and in any other (delta/optimize.h does the rest).
//
// In raw, quarantine and file_log any file may be merged with any other. In the snapshot a file is one key's,
// so that the key can be replaced without a look at others: only several files of one key are merged, and
// the tags of all its files are written anew, since they tell how many there are. The commit has no ledger
// entry. A loader that plans or commits on the files it takes away finds them gone and plans that key again
// (StillHolds). Files of file_records are buckets and never merged.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "core/error.h"
#include "delta/optimize.h"
#include "load/table_set.h"

namespace rtl::load {

// One key's files, all of them, planned: nullopt where nothing is to be gained, or where their tags do not
// agree, so that whoever looks at the key next will load it anew.
std::optional<delta::RewriteJob> PlanKeyCompaction(std::vector<delta::Add> files,
                                                   const delta::PackOptions& pack);

struct CompactOptions {
  delta::PackOptions pack;
  std::function<void(const delta::OptimizeReport&)> on_progress;
};

// `role`: nullopt for a table that is not the loader's. Errors are those of delta::Optimize and of
// MergeFiles; what was committed before stands.
Result<delta::OptimizeReport> Compact(const delta::Table& table, std::optional<Role> role,
                                      const CompactOptions& options, std::stop_token stop = {});

}  // namespace rtl::load
