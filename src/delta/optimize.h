// Rewrites many small files of a table as fewer large ones, with the same rows (protocol: "Add File and
// Remove File", dataChange = false). What may be merged with what, and how files are written, is the
// caller's.
//
// Work comes in jobs. A job is committed whole or not at all; some thousand files of jobs go into one commit.
// When another writer was first, its commits are read: a job is dropped when one of them removes, repeats or
// marks any file that the job is about, and the rest is committed on top. So no row is lost or doubled, and
// writers that touch the same files meet a conflict as with any other commit.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/error.h"
#include "delta/bin_packing.h"
#include "delta/table.h"

namespace rtl::delta {

struct RewriteJob {
  std::vector<std::vector<Add>> bins;  // each to become one file
  // Files that stay as they are but are added anew, with other tags; their present adds.
  std::vector<Add> companions;
};

struct OptimizeReport {
  Version version = -1;  // of the last commit; -1 when there was nothing to do
  std::int64_t commits = 0;
  std::int64_t removed = 0;  // files
  std::int64_t added = 0;
  std::int64_t removed_bytes = 0;
  std::int64_t added_bytes = 0;
  std::int64_t dropped = 0;  // files of jobs that another writer was ahead of; the next run sees to them
};

struct OptimizeOptions {
  // Files of the same text and the same partition values are planned together; nullopt: left alone. Called
  // with statistics and tags.
  std::function<std::optional<std::string>(const Add&)> group;
  std::function<std::vector<RewriteJob>(std::vector<Add>)> plan;  // of the files of one group
  // Puts new files that hold the live rows of each bin, in its order, and returns their adds, one a bin, and
  // then the companions' new ones. `state` is without files.
  std::function<Result<std::vector<Add>>(const TableState& state, const RewriteJob& job)> rewrite;

  std::string engine_info;              // for commitInfo
  std::int64_t commit_files = 5000;     // removed by one commit, more or less
  std::size_t planned_files = 100'000;  // held in memory at once; a larger table is planned in parts
  std::function<void(const OptimizeReport&)> on_progress;  // after each commit
};

// The plan for tables in which any file may be merged with any other: sets `group` and `plan`. Files with a
// deletion vector, and files outside of the table's folder, are left alone.
void PackAnyFiles(const PackOptions& pack, OptimizeOptions& options);

// kUnsupported: a protocol that this library may not write. kCommitUnknown: whether the last commit was made
// could not be found out; nothing was cleaned up. kCancelled: stopped between two jobs; what was committed
// stands. Files written for a job that was dropped are deleted again, or left to a vacuum.
Result<OptimizeReport> Optimize(const Table& table, const OptimizeOptions& options,
                                std::stop_token stop = {});

}  // namespace rtl::delta
