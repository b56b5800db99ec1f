#include "delta/log_replay.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "delta/log_segments.h"
#include "delta/read_ahead.h"

namespace rtl::delta {
namespace {

Result<std::vector<Action>> Read(const Table& table, const LogSegment& segment) {
  if (segment.compaction == nullptr) {
    RTL_TRY(Commit commit, table.ReadCommit(segment.last));
    return std::move(commit.actions);
  }
  RTL_TRY(const auto object, table.store().Get(segment.compaction->info.key));
  return ParseCompactionBytes(object.bytes);
}

class Applying {
 public:
  Applying(const Table& table, Version target, Replay& replay)
      : table_(table), target_(target), replay_(replay) {}

  Result<> Apply(const std::vector<LogSegment>& segments) {
    std::size_t next = 0;
    return ReadAhead(
        table_.store(), static_cast<std::int64_t>(segments.size()),
        [&](std::int64_t at) { return Read(table_, segments[static_cast<std::size_t>(at)]); },
        [&](Result<std::vector<Action>>&& actions) { return Take(segments[next++], std::move(actions)); });
  }

 private:
  Result<> Take(const LogSegment& segment, Result<std::vector<Action>>&& actions) {
    if (actions) return replay_.Apply(std::move(*actions));
    if (segment.compaction == nullptr) return Fail(Missing(segment.last, actions.error()));
    if (!MayDoWithOlder(actions.error())) return Fail(actions.error());
    // A damaged compaction says nothing that its commits do not say.
    Version next = segment.last;
    const auto applied = table_.ForEachCommitDown(segment.last, segment.first, [&](Commit commit) {
      --next;
      return replay_.Apply(std::move(commit.actions));
    });
    return applied ? applied : Fail(Missing(next, applied.error()));
  }

  // A folder's listing need not be a snapshot, so only the get says that a commit is missing.
  Error Missing(Version version, const Error& error) const {
    if (error.kind() != ErrorKind::kNotFound) return error;
    return Error(ErrorKind::kBadData, fmt::format("{}: the log has no commit {}, though version {} exists",
                                                  table_.Uri(), version, target_));
  }

  const Table& table_;
  const Version target_;
  Replay& replay_;
};

}  // namespace

Result<> ApplyCommits(const Table& table, const LogListing& listing, Version first, Version target,
                      Replay& replay) {
  return Applying(table, target, replay).Apply(SegmentsDown(listing, first, target));
}

bool MayDoWithOlder(const Error& error) {
  return error.kind() == ErrorKind::kBadData || error.kind() == ErrorKind::kNotFound ||
         error.kind() == ErrorKind::kConflict;
}

}  // namespace rtl::delta
