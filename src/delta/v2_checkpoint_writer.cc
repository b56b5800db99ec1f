#include <arrow/buffer.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <ranges>
#include <thread>
#include <utility>

#include "core/uuid.h"
#include "delta/checkpoint_reader.h"
#include "delta/checkpoint_writers.h"
#include "delta/log_listing.h"
#include "delta/log_names.h"
#include "delta/log_replay.h"
#include "delta/side_by_side.h"
#include "delta/sidecar_writer.h"
#include "delta/table_properties.h"

namespace rtl::delta {
namespace {

using Written = SidecarBuilder::Written;

// Rows that are held at once while a table's files are spread over sidecars for the first time.
constexpr std::int64_t kRowsAPass = 400'000;

// The file actions of commits, each logical file's newest.
class NewerFiles final : public ReplaySink {
 public:
  Wants wants() const override { return {.stats = true, .tags = true, .tombstones = true}; }
  void Restart() override { actions_.clear(); }
  Result<> OnAdd(Add&& add) override {
    actions_.emplace_back(std::move(add));
    return {};
  }
  Result<> OnTombstone(Remove&& remove) override {
    actions_.emplace_back(std::move(remove));
    return {};
  }
  std::vector<Action>& actions() { return actions_; }

 private:
  std::vector<Action> actions_;
};

class CountedRows final : public ReplaySink {
 public:
  Wants wants() const override { return {.stats = false, .tags = false, .tombstones = true}; }
  void Restart() override { rows_ = 0; }
  Result<> OnAdd(Add&& /*add*/) override {
    ++rows_;
    return {};
  }
  Result<> OnTombstone(Remove&& /*remove*/) override {
    ++rows_;
    return {};
  }
  std::int64_t rows() const { return rows_; }

 private:
  std::int64_t rows_ = 0;
};

// Those of buckets first..last - 1.
class SomeBuckets final : public ReplaySink {
 public:
  SomeBuckets(const Metadata& metadata, std::int64_t expired_before_ms, std::uint32_t count,
              std::uint32_t first, std::uint32_t last)
      : metadata_(metadata),
        expired_before_ms_(expired_before_ms),
        count_(count),
        first_(first),
        last_(last) {}

  Wants wants() const override { return {.stats = true, .tags = true, .tombstones = true}; }
  void Restart() override {
    builders_.clear();
    for (std::uint32_t bucket = first_; bucket < last_; ++bucket) {
      builders_.emplace_back(bucket, metadata_, expired_before_ms_);
    }
  }
  Result<> OnAdd(Add&& add) override { return Append(add); }
  Result<> OnTombstone(Remove&& remove) override { return Append(remove); }
  std::vector<SidecarBuilder>& builders() { return builders_; }

 private:
  template <typename T>
  Result<> Append(const T& file) {
    const std::uint32_t bucket = BucketOf(file.path, count_);
    if (bucket < first_ || bucket >= last_) return {};
    return builders_[bucket - first_].Append(file);
  }

  const Metadata& metadata_;
  const std::int64_t expired_before_ms_;
  const std::uint32_t count_;
  const std::uint32_t first_;
  const std::uint32_t last_;
  std::vector<SidecarBuilder> builders_;
};

class V2Writing {
 public:
  V2Writing(const Table& table, const TableState& head, Timestamp now)
      : table_(table),
        head_(head),
        log_(table.DataKey("_delta_log/")),
        retention_ms_(DeletedFileRetention(head.metadata).count()),
        now_ms_(MillisSinceEpoch(now)),
        expired_before_ms_(now_ms_ - retention_ms_) {}

  Result<WrittenCheckpoint> Write() {
    const Result<bool> on_base = WriteOnBase();
    if (!on_base && !MayDoWithOlder(on_base.error())) return Fail(on_base.error());
    // Also where the older checkpoint is damaged: the log may have another way to the state.
    if (!on_base || !*on_base) RTL_CHECK(WriteAll());
    return PutTop();
  }

 private:
  struct Base {
    Version version = -1;
    BucketedCheckpoint checkpoint;
  };

  // The newest checkpoint that this library has written as it would write one now.
  Result<std::optional<Base>> FindBase(const LogListing& listing) const {
    constexpr int kTries = 3;
    for (const CheckpointFiles& files :
         listing.checkpoints | std::views::reverse | std::views::take(kTries)) {
      if (files.kind != LogFileKind::kUuidCheckpoint || files.is_json) continue;
      const auto top = ReadCheckpointTop(table_.store(), files, {.files = false}, nullptr);
      if (!top && !MayDoWithOlder(top.error())) return Fail(top.error());
      if (!top) continue;
      std::vector<Sidecar> sidecars;
      for (const SidecarFile& file : top->sidecars) sidecars.push_back(file.action);
      auto checkpoint = ReadBuckets(top->tags, sidecars);
      if (checkpoint && checkpoint->with_stats == WithStats())
        return Base{files.version, std::move(*checkpoint)};
    }
    return std::nullopt;
  }

  bool WithStats() const { return BoolProperty(head_.metadata, "delta.checkpoint.writeStatsAsJson", true); }

  Result<LogListing> ListFromHint() const {
    RTL_TRY(const auto hint, ReadCheckpointHint(table_.store(), log_));
    const bool usable = hint && *hint <= head_.version;
    return ListLog(table_.store(), log_, usable ? *hint : 0, head_.version);
  }

  // False: there is nothing to begin at.
  Result<bool> WriteOnBase() {
    RTL_TRY(const LogListing listing, ListFromHint());
    RTL_TRY(const auto base, FindBase(listing));
    if (!base) return false;
    NewerFiles newer;
    Replay replay(head_.version, newer);
    RTL_CHECK(ApplyCommits(table_, listing, base->version + 1, head_.version, replay));
    RTL_TRY(const bool is_whole, HasAllSidecars(base->checkpoint));
    if (!is_whole) return false;
    RTL_CHECK(Rewrite(base->checkpoint, std::move(newer.actions())));
    return true;
  }

  // What is not read must at least be there.
  Result<bool> HasAllSidecars(const BucketedCheckpoint& base) const {
    RTL_TRY(const auto infos, store::ListAll(table_.store(), fmt::format("{}{}", log_, kSidecarFolder)));
    std::map<std::string_view, std::int64_t> sizes;
    for (const store::ObjectInfo& info : infos) sizes.emplace(info.key, info.size);
    for (const auto& sidecar : base.sidecars) {
      if (!sidecar) continue;
      RTL_TRY(const std::string key, SidecarKey(log_, sidecar->path));
      const auto found = sizes.find(key);
      if (found == sizes.end() || found->second != sidecar->size) return false;
    }
    return true;
  }

  Result<> Rewrite(const BucketedCheckpoint& base, std::vector<Action>&& newer) {
    std::int64_t rows = static_cast<std::int64_t>(newer.size());
    for (const auto& bucket : base.buckets) rows += bucket ? bucket->adds + bucket->removes : 0;
    count_ = BucketCount(rows, base.count);
    // Both counts are powers of two: the files of a group's old buckets are those of its new ones.
    const std::uint32_t groups = std::min(base.count, count_);
    std::vector<std::vector<Action>> newer_of(groups);
    for (Action& action : newer) {
      const auto* add = std::get_if<Add>(&action);
      const std::string& path = add != nullptr ? add->path : std::get<Remove>(action).path;
      newer_of[BucketOf(path, groups)].push_back(std::move(action));
    }
    std::vector<std::uint32_t> changed;
    for (std::uint32_t group = 0; group < groups; ++group) {
      if (count_ == base.count && newer_of[group].empty() && !HasStaleTombstones(base.buckets[group])) {
        Take({base.buckets[group].value_or(Bucket{.index = group}), base.sidecars[group]});
      } else {
        changed.push_back(group);
      }
    }
    return RunSideBySide<std::vector<Written>>(
        changed.size(), HowToWrite(changed.size()),
        [&](std::size_t job, const std::function<bool(std::vector<Written>&&)>& give) -> Result<> {
          const std::uint32_t group = changed[job];
          SidecarRewrite rewrite{.newer = newer_of[group], .new_count = count_};
          for (std::uint32_t old = group; old < base.count; old += groups) rewrite.old_buckets.push_back(old);
          for (std::uint32_t now = group; now < count_; now += groups) rewrite.new_buckets.push_back(now);
          RTL_TRY(auto written, RewriteSidecars(table_, base, rewrite, head_.metadata, expired_before_ms_));
          give(std::move(written));
          return {};
        },
        [&](std::vector<Written>&& written) -> Result<> {
          for (Written& one : written) Take(std::move(one));
          return {};
        });
  }

  // Those that have expired may stay for a while: a bucket is not rewritten for each of them.
  bool HasStaleTombstones(const std::optional<Bucket>& bucket) const {
    return bucket && bucket->removes > 0 && bucket->oldest_remove_ms < expired_before_ms_ - retention_ms_;
  }

  SideBySide HowToWrite(std::size_t jobs) const {
    if (jobs <= 1) return {.threads = 0};
    const std::size_t cores = std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
    return {.threads = table_.store().Traits().remote ? 8 : cores};
  }

  // From the whole log, some buckets at a time.
  Result<> WriteAll() {
    written_.clear();
    CountedRows counted;
    RTL_TRY(const TableState at_count, table_.Scan(head_.version, counted));
    count_ = BucketCount(counted.rows(), 0);
    const auto passes = static_cast<std::uint32_t>(counted.rows() / kRowsAPass + 1);
    const std::uint32_t step = std::max<std::uint32_t>(count_ / passes, 1);
    for (std::uint32_t first = 0; first < count_; first += step) {
      SomeBuckets buckets(head_.metadata, expired_before_ms_, count_, first, std::min(first + step, count_));
      RTL_TRY(const TableState at_pass, table_.Scan(head_.version, buckets));
      RTL_CHECK(PutAll(buckets.builders()));
    }
    return {};
  }

  Result<> PutAll(std::vector<SidecarBuilder>& builders) {
    return RunSideBySide<Written>(
        builders.size(), HowToWrite(builders.size()),
        [&](std::size_t job, const std::function<bool(Written&&)>& give) -> Result<> {
          RTL_TRY(auto written, std::move(builders[job]).Put(table_, count_));
          give(std::move(written));
          return {};
        },
        [&](Written&& written) -> Result<> {
          Take(std::move(written));
          return {};
        });
  }

  void Take(Written&& written) { written_.insert_or_assign(written.bucket.index, std::move(written)); }

  Result<WrittenCheckpoint> PutTop() const {
    WrittenCheckpoint checkpoint{.version = head_.version,
                                 .name = UuidCheckpointName(head_.version, NewUuid()),
                                 .modification_time_ms = now_ms_};
    for (const auto& [index, written] : written_) {
      checkpoint.adds += written.bucket.adds;
      checkpoint.actions += written.bucket.adds + written.bucket.removes;
      checkpoint.bytes += written.sidecar ? written.sidecar->size : 0;
    }
    RTL_TRY(CheckpointEncoder top, CheckpointEncoder::Open(CheckpointColumns::kTopLevel, head_.metadata));
    RTL_CHECK(top.Append(MetadataOf(checkpoint)));
    RTL_CHECK(top.Append(head_.protocol));
    RTL_CHECK(top.Append(head_.metadata));
    for (const auto& [app_id, txn] : head_.txns) RTL_CHECK(top.Append(txn));
    for (const auto& [name, domain] : head_.domains) RTL_CHECK(top.Append(domain));
    for (const auto& [index, written] : written_) {
      if (written.sidecar) RTL_CHECK(top.Append(*written.sidecar));
    }
    RTL_TRY(const auto bytes, top.Finish());
    RTL_CHECK(table_.store().Put(log_ + checkpoint.name, std::string_view(*bytes)));
    checkpoint.top_bytes = bytes->size();
    checkpoint.bytes += bytes->size();
    checkpoint.actions += top.size();
    return checkpoint;
  }

  // Protocol: "Checkpoint Metadata Tags".
  CheckpointMetadata MetadataOf(const WrittenCheckpoint& sidecars) const {
    CheckpointMetadata metadata{.version = head_.version, .tags = CheckpointTags(count_, WithStats())};
    metadata.tags["sidecarNumActions"] = fmt::format("{}", sidecars.actions);
    metadata.tags["sidecarSizeInBytes"] = fmt::format("{}", sidecars.bytes);
    metadata.tags["numOfAddFiles"] = fmt::format("{}", sidecars.adds);
    return metadata;
  }

  const Table& table_;
  const TableState& head_;
  const std::string log_;
  const std::int64_t retention_ms_;
  const std::int64_t now_ms_;
  const std::int64_t expired_before_ms_;
  std::uint32_t count_ = 1;
  std::map<std::uint32_t, Written> written_;  // by bucket
};

}  // namespace

Result<WrittenCheckpoint> WriteV2Checkpoint(const Table& table, const TableState& head, Timestamp now) {
  return V2Writing(table, head, now).Write();
}

}  // namespace rtl::delta
