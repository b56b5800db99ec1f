#include <fmt/format.h>

#include <deque>
#include <future>
#include <ranges>

#include "delta/checkpoint_reader.h"
#include "delta/log_listing.h"
#include "delta/log_names.h"
#include "delta/reconcile.h"
#include "delta/table.h"

namespace rtl::delta {
namespace {

bool MayDoWithOlder(const Error& error) {
  return error.kind() == ErrorKind::kBadData || error.kind() == ErrorKind::kNotFound ||
         error.kind() == ErrorKind::kConflict;
}

std::unexpected<Error> RefuseV2Checkpoint(const Table& table) {
  return Fail(ErrorKind::kUnsupported,
              fmt::format("{}: this table cannot be read: it uses table feature v2Checkpoint", table.Uri()));
}

// The newest checkpoint up to `target` that can be read. A state of version -1 when there is none.
struct Base {
  Replay replay;
  std::optional<Error> damage;  // of the newest checkpoint that had to be passed over
};

Result<Base> ReadNewestCheckpoint(store::ObjectStore& store, const LogListing& listing, Version target) {
  Base base;
  for (const CheckpointFiles& files : listing.checkpoints | std::views::reverse) {
    if (files.version > target) continue;
    base.replay = Replay();
    auto read = ReadCheckpoint(store, files, base.replay);
    if (read) {
      base.replay.state.version = files.version;
      return base;
    }
    if (!MayDoWithOlder(read.error())) return Fail(read.error());
    if (!base.damage) base.damage = read.error();
  }
  base.replay = Replay();
  return base;
}

Result<> ApplyCommits(const Table& table, const LogListing& listing, Version target, Base& base) {
  Replay& replay = base.replay;
  const auto applied = table.ForEachCommit(replay.state.version + 1, target, [&](Commit commit) -> Result<> {
    for (Action& action : commit.actions) replay.Apply(std::move(action));
    replay.state.version = commit.version;
    return {};
  });
  if (applied || applied.error().kind() != ErrorKind::kNotFound) return applied;
  if (base.damage) return Fail(*base.damage);
  if (listing.has_uuid_checkpoint) return RefuseV2Checkpoint(table);
  return Fail(ErrorKind::kBadData, fmt::format("{}: the log has no commit {}, though version {} exists",
                                               table.Uri(), replay.state.version + 1, target));
}

Result<TableState> LoadListed(const Table& table, const LogListing& listing, Version target, Timestamp now) {
  RTL_TRY(Base base, ReadNewestCheckpoint(table.store(), listing, target));
  RTL_CHECK(ApplyCommits(table, listing, target, base));
  if (const auto complete = base.replay.CheckComplete(); !complete) {
    return Fail(complete.error().Wrap(table.Uri()));
  }
  DropExpiredTombstones(base.replay.state, now);
  return std::move(base.replay.state);
}

Result<TableState> LoadNewest(const Table& table, std::string_view log, std::optional<Version> version,
                              Timestamp now) {
  RTL_TRY(const auto hint, ReadCheckpointHint(table.store(), log));
  if (hint && (!version || *hint <= *version)) {
    RTL_TRY(const LogListing tail, ListLog(table.store(), log, *hint));
    const Version target = version.value_or(tail.Newest());
    if (!tail.checkpoints.empty() && tail.checkpoints.front().version <= target && target <= tail.Newest()) {
      auto state = LoadListed(table, tail, target, now);
      if (state || !MayDoWithOlder(state.error())) return state;
    }
  }
  RTL_TRY(const LogListing listing, ListLog(table.store(), log, 0));
  const Version newest = listing.Newest();
  if (newest < 0) {
    if (listing.has_uuid_checkpoint) return RefuseV2Checkpoint(table);
    return Fail(ErrorKind::kNotFound, fmt::format("there is no Delta table at {}", table.Uri()));
  }
  if (version && (*version > newest || *version < 0)) {
    return Fail(ErrorKind::kNotFound,
                fmt::format("{}: there is no version {}, the newest is {}", table.Uri(), *version, newest));
  }
  return LoadListed(table, listing, version.value_or(newest), now);
}

}  // namespace

Result<TableState> Table::Load(std::optional<Version> version) const {
  return LoadNewest(*this, DataKey("_delta_log/"), version, clock_->Now());
}

Result<Commit> Table::ReadCommit(Version version) const {
  const std::string key = DataKey("_delta_log/" + CommitName(version));
  const std::string where = fmt::format("{}/_delta_log/{}", Uri(), CommitName(version));
  auto object = store_->Get(key);
  if (!object) return Fail(object.error().Wrap(where));
  auto actions = ParseCommitBytes(object->bytes);
  if (!actions) return Fail(actions.error().Wrap(where));
  return Commit{version, object->info.modified_at, std::move(*actions)};
}

Result<std::vector<Commit>> Table::CommitsAfter(Version after) const {
  RTL_TRY(const LogListing listing, ListLog(*store_, DataKey("_delta_log/"), after + 1));
  std::vector<Commit> commits;
  const Version newest = listing.Newest();
  // A folder's listing need not be a snapshot, so only the get says that a commit is missing.
  const auto read = ForEachCommit(after + 1, newest, [&](Commit commit) -> Result<> {
    commits.push_back(std::move(commit));
    return {};
  });
  if (read) return commits;
  if (read.error().kind() != ErrorKind::kNotFound) return Fail(read.error());
  return Fail(commits.empty() ? ErrorKind::kNotFound : ErrorKind::kBadData,
              fmt::format("{}: commit {} is gone, though version {} exists", Uri(),
                          after + 1 + static_cast<Version>(commits.size()), newest));
}

Result<> Table::ForEachCommit(Version first, Version last,
                              const std::function<Result<>(Commit)>& take) const {
  // A commit file can be large (thousands of files): few are held at once.
  const std::size_t ahead = store_->Traits().remote ? 16 : 1;
  std::deque<std::future<Result<Commit>>> reading;
  Version next = first;
  for (Version version = first; version <= last; ++version) {
    while (next <= last && reading.size() < ahead) {
      const auto policy = ahead > 1 && last > first ? std::launch::async : std::launch::deferred;
      reading.push_back(std::async(policy, [this, next] { return ReadCommit(next); }));
      ++next;
    }
    auto commit = reading.front().get();
    reading.pop_front();
    if (!commit) return Fail(commit.error());
    RTL_CHECK(take(std::move(*commit)));
  }
  return {};
}

}  // namespace rtl::delta
