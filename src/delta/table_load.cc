#include <fmt/format.h>

#include <deque>
#include <future>
#include <ranges>

#include "delta/checkpoint_reader.h"
#include "delta/commit_info.h"
#include "delta/log_listing.h"
#include "delta/log_names.h"
#include "delta/reconcile.h"
#include "delta/table.h"
#include "delta/table_features.h"

namespace rtl::delta {
namespace {

bool MayDoWithOlder(const Error& error) {
  return error.kind() == ErrorKind::kBadData || error.kind() == ErrorKind::kNotFound ||
         error.kind() == ErrorKind::kConflict;
}

// Keeps the active files, and passes everything on.
class KeepingSink final : public ReplaySink {
 public:
  KeepingSink(FileDetail detail, ReplaySink* next) : files_(detail), next_(next) {}
  Wants wants() const override {
    if (next_ != nullptr) return next_->wants();
    const bool full = files_.detail() == FileDetail::kFull;
    return {.stats = full, .tags = full, .tombstones = false};
  }
  void Restart() override {
    files_ = ActiveFiles(files_.detail());
    if (next_ != nullptr) next_->Restart();
  }
  Result<> OnAdd(Add&& add) override {
    RTL_CHECK(InsertActive(files_, add));
    return next_ == nullptr ? Result<>() : next_->OnAdd(std::move(add));
  }
  Result<> OnTombstone(Remove&& remove) override {
    return next_ == nullptr ? Result<>() : next_->OnTombstone(std::move(remove));
  }
  ActiveFiles TakeFiles() { return std::move(files_); }

 private:
  ActiveFiles files_;
  ReplaySink* next_;
};

std::unexpected<Error> RefuseV2Checkpoint(const Table& table) {
  return Fail(ErrorKind::kUnsupported,
              fmt::format("{}: this table cannot be read: it uses table feature v2Checkpoint", table.Uri()));
}

// An error of the sink, which no other checkpoint would mend.
class GuardedSink final : public ReplaySink {
 public:
  explicit GuardedSink(ReplaySink& sink) : sink_(sink) {}
  Wants wants() const override { return sink_.wants(); }
  void Restart() override { sink_.Restart(); }
  Result<> OnAdd(Add&& add) override { return Noted(sink_.OnAdd(std::move(add))); }
  Result<> OnTombstone(Remove&& remove) override { return Noted(sink_.OnTombstone(std::move(remove))); }
  const std::optional<Error>& error() const { return error_; }

 private:
  Result<> Noted(Result<> result) {
    if (!result) error_ = result.error();
    return result;
  }
  ReplaySink& sink_;
  std::optional<Error> error_;
};

// Commits target..first, newest first. A folder's listing need not be a snapshot, so only the get says that a
// commit is missing.
Result<> ApplyCommits(const Table& table, const LogListing& listing, Version first, Version target,
                      Replay& replay) {
  Version next = target;
  const auto applied = table.ForEachCommitDown(target, first, [&](Commit commit) {
    --next;
    return replay.Apply(std::move(commit.actions));
  });
  if (applied || applied.error().kind() != ErrorKind::kNotFound) return applied;
  if (listing.has_uuid_checkpoint) return RefuseV2Checkpoint(table);
  return Fail(ErrorKind::kBadData, fmt::format("{}: the log has no commit {}, though version {} exists",
                                               table.Uri(), next, target));
}

// From one checkpoint, or from the first commit where `checkpoint` is null.
Result<TableState> ReplayFrom(const Table& table, const LogListing& listing,
                              const CheckpointFiles* checkpoint, Version target, ReplaySink& sink) {
  sink.Restart();
  Replay replay(target, sink);
  const Version first = checkpoint == nullptr ? 0 : checkpoint->version + 1;
  RTL_CHECK(ApplyCommits(table, listing, first, target, replay));
  if (checkpoint != nullptr) RTL_CHECK(ReadCheckpoint(table.store(), *checkpoint, sink.wants(), replay));
  auto state = std::move(replay).Finish();
  if (!state) return Fail(state.error().Wrap(table.Uri()));
  const bool has_commit = first <= target;
  if (has_commit || !IsActive(state->protocol, state->metadata, "inCommitTimestamp")) return state;
  // A checkpoint does not tell it. Of a version that log clean-up has reached nobody needs it.
  const auto commit = table.ReadCommit(target);
  if (!commit && commit.error().kind() != ErrorKind::kNotFound) return Fail(commit.error());
  if (commit) state->in_commit_timestamp_ms = InCommitTimestampOf(commit->actions);
  return state;
}

Result<TableState> LoadListed(const Table& table, const LogListing& listing, Version target,
                              ReplaySink& sink) {
  GuardedSink guarded(sink);
  std::optional<Error> damage;  // of the newest checkpoint that had to be passed over
  for (const CheckpointFiles& files : listing.checkpoints | std::views::reverse) {
    if (files.version > target) continue;
    auto state = ReplayFrom(table, listing, &files, target, guarded);
    if (state || guarded.error() || !MayDoWithOlder(state.error())) return state;
    if (!damage) damage = state.error();
  }
  auto state = ReplayFrom(table, listing, nullptr, target, guarded);
  if (!state && damage && !guarded.error() && MayDoWithOlder(state.error())) return Fail(*damage);
  return state;
}

Result<TableState> LoadNewest(const Table& table, std::string_view log, std::optional<Version> version,
                              ReplaySink& sink) {
  RTL_TRY(const auto hint, ReadCheckpointHint(table.store(), log));
  if (hint && (!version || *hint <= *version)) {
    RTL_TRY(const LogListing tail, ListLog(table.store(), log, *hint));
    const Version target = version.value_or(tail.Newest());
    if (!tail.checkpoints.empty() && tail.checkpoints.front().version <= target && target <= tail.Newest()) {
      auto state = LoadListed(table, tail, target, sink);
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
  return LoadListed(table, listing, version.value_or(newest), sink);
}

}  // namespace

Result<TableState> Table::Load(std::optional<Version> version, FileDetail detail) const {
  KeepingSink sink(detail, nullptr);
  RTL_TRY(TableState state, LoadNewest(*this, DataKey("_delta_log/"), version, sink));
  state.files = sink.TakeFiles();
  return state;
}

Result<TableState> Table::Scan(std::optional<Version> version, ReplaySink& sink, bool keep_files) const {
  if (!keep_files) return LoadNewest(*this, DataKey("_delta_log/"), version, sink);
  KeepingSink keeping(FileDetail::kLean, &sink);
  RTL_TRY(TableState state, LoadNewest(*this, DataKey("_delta_log/"), version, keeping));
  state.files = keeping.TakeFiles();
  return state;
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

namespace {

// Versions first, first + step, ... up to and including last.
Result<> ReadCommits(const Table& table, Version first, Version last, int step,
                     const std::function<Result<>(Commit)>& take) {
  // A commit file can be large (thousands of files): few are held at once.
  const std::size_t ahead = table.store().Traits().remote ? 16 : 1;
  const Version count = (last - first) * step + 1;
  std::deque<std::future<Result<Commit>>> reading;
  Version next = 0;
  for (Version done = 0; done < count; ++done) {
    while (next < count && reading.size() < ahead) {
      const auto policy = ahead > 1 && count > 1 ? std::launch::async : std::launch::deferred;
      const Version version = first + next * step;
      reading.push_back(std::async(policy, [&table, version] { return table.ReadCommit(version); }));
      ++next;
    }
    auto commit = reading.front().get();
    reading.pop_front();
    if (!commit) return Fail(commit.error());
    RTL_CHECK(take(std::move(*commit)));
  }
  return {};
}

}  // namespace

Result<> Table::ForEachCommit(Version first, Version last,
                              const std::function<Result<>(Commit)>& take) const {
  return ReadCommits(*this, first, last, 1, take);
}

Result<> Table::ForEachCommitDown(Version last, Version first,
                                  const std::function<Result<>(Commit)>& take) const {
  return ReadCommits(*this, last, first, -1, take);
}

}  // namespace rtl::delta
