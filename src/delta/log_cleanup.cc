#include "delta/log_cleanup.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <ranges>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "delta/log_listing.h"
#include "delta/log_names.h"
#include "delta/table_properties.h"
#include "delta/trimmed_log.h"
#include "delta/unused_sidecars.h"

namespace rtl::delta {
namespace {

constexpr std::size_t kBatch = 1'000;
// What a probe of this library may leave behind when it is killed.
constexpr std::string_view kProbe = "_probe-";

// A name in the log as far as cleaning is concerned.
struct LogObject {
  enum class Kind { kCommit, kCheckpoint, kChecksum, kCompaction, kOther };
  Kind kind = Kind::kOther;
  Version version = -1;  // of a compaction its first one
};

LogObject Classify(std::string_view name) {
  // Hadoop keeps checksums of files on local disk beside them.
  const bool hadoop = name.starts_with('.') && name.ends_with(".crc");
  if (hadoop) name = name.substr(1, name.size() - 5);
  LogObject object;
  if (const auto parsed = ParseLogFileName(name)) {
    object.version = parsed->version;
    object.kind =
        parsed->kind == LogFileKind::kCommit ? LogObject::Kind::kCommit : LogObject::Kind::kCheckpoint;
  } else if (const auto version = VersionOf(name)) {
    const std::string_view rest = name.substr(21);
    if (rest == "crc") {
      object = {LogObject::Kind::kChecksum, *version};
    } else if (rest.ends_with(".compacted.json") && rest.size() == 20 + 15) {
      object = {LogObject::Kind::kCompaction, *version};
    }
  }
  if (hadoop && object.kind != LogObject::Kind::kOther) object.kind = LogObject::Kind::kChecksum;
  return object;
}

class Cleaning {
 public:
  Cleaning(const Table& table, const LogCleanupOptions& options, std::stop_token stop)
      : table_(table), options_(options), stop_(std::move(stop)), log_(table.DataKey("_delta_log/")) {}

  Result<LogCleanupReport> Run() {
    RTL_TRY(const Metadata metadata, ReadTable());
    const auto own = LogRetention(metadata);
    const auto retention = options_.retention.value_or(std::max(own, options_.at_least.value_or(own)));
    const Timestamp cutoff = std::chrono::floor<std::chrono::days>(table_.clock().Now() - retention);
    RTL_CHECK(FindCheckpoints(cutoff));
    RTL_CHECK(ChooseCheckpoint());
    if (report_.kept_from < 0) return report_;
    RTL_CHECK(DropStaleHint());
    RTL_CHECK(DeleteAll(compactions_));
    RTL_CHECK(DeleteBefore(report_.kept_from));
    RTL_CHECK(DeleteSidecars());
    RTL_CHECK(DeleteProbes());
    return report_;
  }

 private:
  Result<Metadata> ReadTable() {
    WithoutFiles nothing;
    RTL_TRY(TableState state, table_.Scan(std::nullopt, nothing));
    if (auto writable = CheckWritable(state.protocol, state.metadata); !writable) {
      return Fail(writable.error().Wrap(table_.Uri()));
    }
    if (!options_.even_if_switched_off &&
        !BoolProperty(state.metadata, "delta.enableExpiredLogCleanup", true)) {
      return Fail(
          ErrorKind::kBadConfig,
          fmt::format("{}: its property delta.enableExpiredLogCleanup is false: its log is not to be cleaned",
                      table_.Uri()));
    }
    report_.version = state.version;
    return std::move(state.metadata);
  }

  // visit(name, info, object) for what lies in the log itself, in order, until it says false.
  template <typename Visit>
  Result<> ForEachObject(const Visit& visit) {
    RTL_TRY(const auto lister, table_.store().List(log_));
    while (true) {
      if (stop_.stop_requested()) return Fail(ErrorKind::kCancelled, "the clean-up of the log was stopped");
      RTL_TRY(const auto page, lister->Next());
      if (page.empty()) return {};
      for (const store::ObjectInfo& info : page) {
        const std::string_view name = std::string_view(info.key).substr(log_.size());
        RTL_TRY(const bool more, visit(name, info));
        if (!more) return {};
      }
    }
  }

  // Complete checkpoints at or before the cut-off commit, and what compactions begin before them.
  Result<> FindCheckpoints(Timestamp cutoff) {
    std::map<std::pair<Version, int>, std::set<int>> parts;
    std::set<Version> complete;
    Version cutoff_commit = -1;
    const auto visited =
        ForEachObject([&](std::string_view name, const store::ObjectInfo& info) -> Result<bool> {
          const LogObject object = Classify(name);
          if (object.kind == LogObject::Kind::kCompaction)
            compactions_by_version_.emplace_back(object.version, info);
          const auto parsed = ParseLogFileName(name);
          if (!parsed) return !name.starts_with('_');
          if (parsed->kind == LogFileKind::kCommit) {
            // Copies of a table and clocks that differ make times go back; a commit is never older than the
            // one before.
            if (info.modified_at > cutoff) return false;
            cutoff_commit = parsed->version;
          } else if (parsed->kind == LogFileKind::kCheckpointPart) {
            auto& seen = parts[{parsed->version, parsed->parts}];
            seen.insert(parsed->part);
            if (seen.size() == static_cast<std::size_t>(parsed->parts)) complete.insert(parsed->version);
          } else {
            complete.insert(parsed->version);
          }
          return true;
        });
    RTL_CHECK(visited);
    const Version last = std::min(cutoff_commit, options_.needed_after.value_or(cutoff_commit));
    for (const Version version : complete) {
      if (version <= last) checkpoints_.push_back(version);
    }
    return {};
  }

  // The newest one that is readable without what is older.
  Result<> ChooseCheckpoint() {
    std::optional<Error> damage;
    for (const Version version : checkpoints_ | std::views::reverse) {
      auto readable = IsReadableFrom(table_, version);
      if (readable) {
        report_.kept_from = version;
        for (auto& [first, info] : compactions_by_version_) {
          if (first <= version) compactions_.push_back(std::move(info));
        }
        return {};
      }
      if (readable.error().kind() != ErrorKind::kBadData) return readable;
      if (!damage) damage = readable.error();
    }
    if (damage) return Fail(damage->Wrap("nothing was removed from the log, as no old checkpoint is sound"));
    return {};
  }

  // A hint to a checkpoint that goes would cost readers a look into the void.
  Result<> DropStaleHint() {
    RTL_TRY(const auto hint, ReadCheckpointHint(table_.store(), log_));
    if (!hint || *hint >= report_.kept_from || options_.dry_run) return {};
    return table_.store().Delete(log_ + "_last_checkpoint");
  }

  Result<> DeleteBefore(Version version) {
    std::vector<store::ObjectInfo> batch;
    const auto visited =
        ForEachObject([&](std::string_view name, const store::ObjectInfo& info) -> Result<bool> {
          const LogObject object = Classify(name);
          if (object.kind == LogObject::Kind::kOther) return !name.starts_with('_');
          if (object.version >= version) return name.starts_with('.');
          // A dry run has met these before; otherwise they are gone.
          if (object.kind == LogObject::Kind::kCompaction) return true;
          batch.push_back(info);
          if (batch.size() >= kBatch) RTL_CHECK(DeleteAll(std::exchange(batch, {})));
          return true;
        });
    RTL_CHECK(visited);
    return DeleteAll(batch);
  }

  Result<> DeleteSidecars() {
    auto unused = UnusedSidecars(table_, report_.kept_from, table_.clock().Now());
    if (!unused) return Fail(unused.error().Wrap("no sidecar was removed from the log"));
    for (std::size_t first = 0; first < unused->size(); first += kBatch) {
      const auto batch = std::span(*unused).subspan(first, std::min(kBatch, unused->size() - first));
      RTL_CHECK(DeleteAll({batch.begin(), batch.end()}));
    }
    return {};
  }

  Result<> DeleteProbes() {
    std::vector<store::ObjectInfo> old;
    RTL_TRY(const auto probes, store::ListAll(table_.store(), log_ + std::string(kProbe)));
    for (const store::ObjectInfo& info : probes) {
      if (info.modified_at < table_.clock().Now() - std::chrono::days(1)) old.push_back(info);
    }
    return DeleteAll(old);
  }

  Result<> DeleteAll(const std::vector<store::ObjectInfo>& objects) {
    if (objects.empty()) return {};
    if (stop_.stop_requested()) return Fail(ErrorKind::kCancelled, "the clean-up of the log was stopped");
    if (!options_.dry_run) {
      std::vector<std::string> keys;
      keys.reserve(objects.size());
      for (const store::ObjectInfo& info : objects) keys.push_back(info.key);
      if (auto deleted = table_.store().DeleteAll(keys); !deleted) {
        return Fail(deleted.error().Wrap(fmt::format("cleaning the log of {}", table_.Uri())));
      }
    }
    for (const store::ObjectInfo& info : objects) {
      ++report_.files;
      report_.bytes += info.size;
      if (options_.on_file) options_.on_file(std::string_view(info.key).substr(log_.size()), info.size);
    }
    return {};
  }

  const Table& table_;
  const LogCleanupOptions& options_;
  const std::stop_token stop_;
  const std::string log_;
  LogCleanupReport report_;
  std::vector<Version> checkpoints_;  // that may become the oldest thing kept; ascending
  std::vector<std::pair<Version, store::ObjectInfo>> compactions_by_version_;
  std::vector<store::ObjectInfo> compactions_;
};

}  // namespace

Result<LogCleanupReport> CleanLog(const Table& table, const LogCleanupOptions& options,
                                  std::stop_token stop) {
  return Cleaning(table, options, std::move(stop)).Run();
}

}  // namespace rtl::delta
