#include <fmt/format.h>

#include <ranges>

#include "delta/checkpoint_reader.h"
#include "delta/commit_info.h"
#include "delta/log_listing.h"
#include "delta/log_names.h"
#include "delta/log_replay.h"
#include "delta/reconcile.h"
#include "delta/table.h"
#include "delta/table_features.h"
#include "delta/version_checksum.h"

namespace rtl::delta {
namespace {

// Remembers an error of the caller's sink, which no other way through the log would mend.
class GuardedSink final : public ReplaySink {
 public:
  explicit GuardedSink(ReplaySink& sink) : sink_(sink) {}
  Wants wants() const override { return sink_.wants(); }
  void Restart() override { sink_.Restart(); }
  Result<> OnAdd(Add&& add) override { return Noted(sink_.OnAdd(std::move(add))); }
  Result<> OnTombstone(Remove&& remove) override { return Noted(sink_.OnTombstone(std::move(remove))); }
  bool failed() const { return failed_; }

 private:
  Result<> Noted(Result<> result) {
    if (!result) failed_ = true;
    return result;
  }
  ReplaySink& sink_;
  bool failed_ = false;
};

// Keeps the active files where that is asked for, and passes everything on to `next`, which may be null.
class LoadSink final : public ReplaySink {
 public:
  LoadSink(std::optional<FileDetail> keep, GuardedSink* next)
      : keeps_(keep.has_value()), files_(keep.value_or(FileDetail::kLean)), next_(next) {}
  Wants wants() const override {
    const bool full = keeps_ && files_.detail() == FileDetail::kFull;
    if (next_ == nullptr) return {.stats = full, .tags = full, .tombstones = false};
    Wants wants = next_->wants();
    wants.stats = wants.stats || full;
    wants.tags = wants.tags || full;
    wants.files = wants.files || keeps_;
    return wants;
  }
  void Restart() override {
    files_ = ActiveFiles(files_.detail());
    totals_ = {};
    if (next_ != nullptr) next_->Restart();
  }
  Result<> OnAdd(Add&& add) override {
    ++totals_.files;
    totals_.bytes += add.size;
    if (keeps_) RTL_CHECK(InsertActive(files_, add));
    return next_ == nullptr ? Result<>() : next_->OnAdd(std::move(add));
  }
  Result<> OnTombstone(Remove&& remove) override {
    return next_ == nullptr ? Result<>() : next_->OnTombstone(std::move(remove));
  }
  bool failed() const { return next_ != nullptr && next_->failed(); }
  FileTotals totals() const { return totals_; }
  ActiveFiles TakeFiles() { return std::move(files_); }

 private:
  bool keeps_;
  ActiveFiles files_;
  FileTotals totals_;
  GuardedSink* next_;
};

// One way through the log to the state at `target`.
class Loading {
 public:
  Loading(const Table& table, const LogListing& listing, Version target, LoadSink& sink)
      : table_(table), listing_(listing), target_(target), sink_(sink) {}

  Result<TableState> Load() {
    std::optional<Error> damage;  // of the newest checkpoint that had to be passed over
    for (const CheckpointFiles& files : listing_.checkpoints | std::views::reverse) {
      if (files.version > target_) continue;
      auto state = ReplayFrom(&files);
      if (state || !MayTryAgain(state.error())) return state;
      if (!damage) damage = state.error();
    }
    auto state = ReplayFrom(nullptr);
    if (!state && damage && MayTryAgain(state.error())) return Fail(*damage);
    return state;
  }

  // Whether another way through the log may lead to the state.
  bool MayTryAgain(const Error& error) const {
    return !sink_.failed() && !incomplete_ && MayDoWithOlder(error);
  }

 private:
  // From one checkpoint, or from the first commit where `checkpoint` is null.
  Result<TableState> ReplayFrom(const CheckpointFiles* checkpoint) {
    sink_.Restart();
    Replay replay(target_, sink_);
    const Version first = checkpoint == nullptr ? 0 : checkpoint->version + 1;
    RTL_CHECK(ApplyCommits(table_, listing_, first, target_, replay));
    if (checkpoint != nullptr) RTL_CHECK(ReadCheckpoint(table_.store(), *checkpoint, sink_.wants(), replay));
    auto state = std::move(replay).Finish();
    if (!state) {
      // All of it could be read, so nothing is damaged: the log contradicts itself or asks for what is not
      // known here.
      incomplete_ = true;
      return Fail(state.error().Wrap(table_.Uri()));
    }
    RTL_CHECK(FindTimestamp(*state));
    if (sink_.wants().files) RTL_CHECK(CheckTotals(*state));
    return state;
  }

  // Neither a checkpoint nor a compaction tells it (protocol: "In-Commit Timestamps").
  Result<> FindTimestamp(TableState& state) const {
    if (state.in_commit_timestamp_ms || !IsActive(state.protocol, state.metadata, "inCommitTimestamp")) {
      return {};
    }
    // Of a version that log clean-up has reached nobody needs it.
    const auto commit = table_.ReadCommit(target_);
    if (!commit) return commit.error().kind() == ErrorKind::kNotFound ? Result<>() : Fail(commit.error());
    state.in_commit_timestamp_ms = InCommitTimestampOf(commit->actions);
    if (state.in_commit_timestamp_ms) return {};
    return Fail(ErrorKind::kBadData,
                fmt::format("{}: commit {} has no inCommitTimestamp, which the table's property "
                            "delta.enableInCommitTimestamps asks for",
                            table_.Uri(), target_));
  }

  // Protocol: "State Validation". A state that is not what was recorded is no state: another way through the
  // log may lead to the right one.
  Result<> CheckTotals(const TableState& state) const {
    const auto listed = listing_.checksums.find(target_);
    if (listed == listing_.checksums.end()) return {};
    const auto object = table_.store().Get(listed->second.key);
    if (!object) return object.error().kind() == ErrorKind::kNotFound ? Result<>() : Fail(object.error());
    const auto checksum = ParseChecksum(object->bytes);
    if (!checksum) return {};
    const auto same = CheckAgainst(*checksum, state, sink_.totals());
    if (same) return {};
    return Fail(same.error().Wrap(fmt::format("{}/_delta_log/{}", table_.Uri(), ChecksumName(target_))));
  }

  const Table& table_;
  const LogListing& listing_;
  const Version target_;
  LoadSink& sink_;
  bool incomplete_ = false;
};

// A checkpoint without a commit of its version stands alone in the log, or its name lies (protocol:
// "Checkpoints": it is made after the commit; "Metadata Cleanup": which stays as long as it).
Result<> CheckNewest(const Table& table, const LogListing& listing) {
  const Version newest = listing.Newest();
  if (listing.commits.empty() || listing.commits.rbegin()->first == newest) return {};
  const auto commit = table.store().Head(table.DataKey("_delta_log/" + CommitName(newest)));
  if (commit) return {};  // made while the log was listed
  if (commit.error().kind() != ErrorKind::kNotFound) return Fail(commit.error());
  return Fail(
      ErrorKind::kBadData,
      fmt::format("{} is a checkpoint of version {}, but the newest commit is {}",
                  listing.checkpoints.back().parts.front().key, newest, listing.commits.rbegin()->first));
}

Result<TableState> LoadNewest(const Table& table, std::optional<Version> version, LoadSink& sink) {
  const std::string log = table.DataKey("_delta_log/");
  RTL_TRY(const auto hint, ReadCheckpointHint(table.store(), log));
  if (hint && (!version || *hint <= *version)) {
    RTL_TRY(const LogListing tail, ListLog(table.store(), log, *hint, version));
    const Version target = version.value_or(tail.Newest());
    if (!tail.checkpoints.empty() && tail.commits.contains(target)) {
      Loading loading(table, tail, target, sink);
      auto state = loading.Load();
      if (state || !loading.MayTryAgain(state.error())) return state;
    }
  }
  RTL_TRY(LogListing listing, ListLog(table.store(), log, 0, version));
  if (version && listing.Newest() < *version) {  // what is the newest, then?
    RTL_TRY(listing, ListLog(table.store(), log, 0));
  }
  const Version newest = listing.Newest();
  if (newest < 0)
    return Fail(ErrorKind::kNotFound, fmt::format("there is no Delta table at {}", table.Uri()));
  if (version && (*version > newest || *version < 0)) {
    return Fail(ErrorKind::kNotFound,
                fmt::format("{}: there is no version {}, the newest is {}", table.Uri(), *version, newest));
  }
  RTL_CHECK(CheckNewest(table, listing));
  return Loading(table, listing, version.value_or(newest), sink).Load();
}

}  // namespace

Result<TableState> Table::Load(std::optional<Version> version, FileDetail detail) const {
  LoadSink sink(detail, nullptr);
  RTL_TRY(TableState state, LoadNewest(*this, version, sink));
  state.files = sink.TakeFiles();
  return state;
}

Result<TableState> Table::Scan(std::optional<Version> version, ReplaySink& sink, bool keep_files) const {
  GuardedSink guarded(sink);
  LoadSink loading(keep_files ? std::optional(FileDetail::kLean) : std::nullopt, &guarded);
  RTL_TRY(TableState state, LoadNewest(*this, version, loading));
  if (keep_files) state.files = loading.TakeFiles();
  return state;
}

}  // namespace rtl::delta
