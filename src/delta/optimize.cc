#include "delta/optimize.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "core/hash.h"
#include "core/json_writer.h"
#include "core/uuid.h"
#include "delta/commit_preparation.h"
#include "delta/data_path.h"
#include "delta/settled_commit.h"

namespace rtl::delta {
namespace {

constexpr int kMaxReplans = 3;  // after another writer changed the table's columns or its protocol

struct Group {
  std::string text;
  std::map<std::string, std::optional<std::string>> partition_values;
  auto operator<=>(const Group&) const = default;
};

// Files to plan with: of all that there are, those whose group's hash falls into one part of the parts.
class Candidates final : public ReplaySink {
 public:
  Candidates(const OptimizeOptions& options, std::uint64_t part, std::uint64_t parts)
      : options_(options), part_(part), parts_(parts) {}

  void Restart() override {
    groups_.clear();
    count_ = held_ = 0;
  }

  Result<> OnAdd(Add&& add) override {
    const auto text = options_.group(add);
    if (!text) return {};
    ++count_;
    if (HashKey(text->empty() ? add.path : *text) % parts_ != part_) return {};
    if (parts_ == 1 && held_ >= options_.planned_files) return {};
    ++held_;
    Group group{*text, add.partition_values};
    groups_[std::move(group)].push_back(std::move(add));
    return {};
  }

  // Parts that it takes to plan within the bound; 1: all are held.
  std::uint64_t PartsNeeded() const {
    return count_ == 0 ? 1 : (count_ + options_.planned_files - 1) / options_.planned_files;
  }

  std::vector<RewriteJob> Plan() && {
    std::vector<RewriteJob> jobs;
    for (auto& [group, files] : groups_) {
      for (RewriteJob& job : options_.plan(std::move(files))) jobs.push_back(std::move(job));
    }
    return jobs;
  }

 private:
  const OptimizeOptions& options_;
  const std::uint64_t part_;
  const std::uint64_t parts_;
  std::map<Group, std::vector<Add>> groups_;
  std::size_t count_ = 0;
  std::size_t held_ = 0;
};

// A job whose files are written.
struct Rewritten {
  RewriteJob job;
  std::vector<Add> adds;

  std::size_t inputs() const {
    std::size_t count = 0;
    for (const auto& bin : job.bins) count += bin.size();
    return count;
  }
};

template <typename Visit>  // visit(key) for each file that the job is about
void ForEachFile(const RewriteJob& job, const Visit& visit) {
  for (const auto& bin : job.bins) {
    for (const Add& add : bin) visit(FileKey(add.path));
  }
  for (const Add& add : job.companions) visit(FileKey(add.path));
}

class Optimizing {
 public:
  Optimizing(const Table& table, const OptimizeOptions& options, std::stop_token stop)
      : table_(table), options_(options), stop_(std::move(stop)) {}

  Result<OptimizeReport> Run() {
    RTL_TRY(const std::uint64_t parts, RunPart(0, 1));
    for (std::uint64_t part = 0; parts > 1 && part < parts; ++part) RTL_CHECK(RunPart(part, parts));
    return report_;
  }

 private:
  Result<> CheckProtocol() const {
    const auto writable = CheckWritable(state_.protocol, state_.metadata);
    if (!writable) return Fail(writable.error().Wrap(table_.Uri()));
    return {};
  }

  // Returns 1 when the part is done; where all at once are too many, nothing is done but to say how many
  // parts it takes.
  Result<std::uint64_t> RunPart(std::uint64_t part, std::uint64_t parts) {
    for (int replans = 0;; ++replans) {
      Candidates candidates(options_, part, parts);
      RTL_TRY(state_, table_.Scan(std::nullopt, candidates));
      RTL_CHECK(CheckProtocol());
      if (parts == 1 && candidates.PartsNeeded() > 1) return candidates.PartsNeeded();
      changed_ = false;
      RTL_CHECK(RewriteAll(std::move(candidates).Plan()));
      if (!changed_ || replans == kMaxReplans) return 1;
    }
  }

  Result<> RewriteAll(std::vector<RewriteJob> jobs) {
    std::size_t waiting = 0;
    for (RewriteJob& job : jobs) {
      if (stop_.stop_requested()) {
        RTL_CHECK(CommitReady());
        return Fail(ErrorKind::kCancelled, "stopped; what was rewritten is committed");
      }
      auto adds = options_.rewrite(state_, job);
      if (!adds && adds.error().kind() == ErrorKind::kNotFound) {
        // Removed and vacuumed under us, if the log says so; else a file is missing, and that is told.
        RTL_CHECK(CommitReady());
        RTL_TRY(const bool still, StillActive(job));
        if (still) return Fail(adds.error());
        Drop({std::move(job), {}});
        continue;
      }
      if (!adds) {
        // What is ready need not be lost for it. The first error is the one to tell.
        [[maybe_unused]] const auto committed = CommitReady();
        return Fail(adds.error());
      }
      ready_.push_back({std::move(job), std::move(*adds)});
      waiting += ready_.back().inputs();
      if (static_cast<std::int64_t>(waiting) < options_.commit_files) continue;
      RTL_CHECK(CommitReady());
      waiting = 0;
      if (changed_) return {};
    }
    return CommitReady();
  }

  Result<bool> StillActive(const RewriteJob& job) const {
    RTL_TRY(const TableState now, table_.Load(std::nullopt, FileDetail::kLean));
    bool active = true;
    ForEachFile(job, [&](const std::string& key) { active = active && now.files.Contains(key); });
    return active;
  }

  Result<> CommitReady() {
    while (!ready_.empty()) {
      RTL_CHECK(ReadOn());
      if (ready_.empty()) break;
      std::vector<Action> actions = MakeActions();
      const Timestamp now = table_.clock().Now();
      RTL_CHECK(PrepareCommit(state_, {.scope = ReadSet::Scope::kFiles}, actions, now));
      const Version version = state_.version + 1;
      // On an unknown outcome nothing is cleaned up: the new files may be the table's.
      RTL_TRY(const PutOutcome outcome, PutSettledCommit(table_, version, actions));
      if (outcome != PutOutcome::kCommitted) continue;
      Count(version);
      RTL_CHECK(Advanced({version, now, std::move(actions)}));
      ready_.clear();
      if (options_.on_progress) options_.on_progress(report_);
    }
    return {};
  }

  // Takes up what others have committed, and drops the jobs that it concerns.
  Result<> ReadOn() {
    const auto commits = table_.CommitsAfter(state_.version);
    if (!commits && commits.error().kind() == ErrorKind::kNotFound) {
      DropAll();  // the log was cleaned meanwhile: what happened cannot be known
      changed_ = true;
      return {};
    }
    if (!commits) return Fail(commits.error());
    for (const Commit& commit : *commits) RTL_CHECK(TakeUp(commit));
    return {};
  }

  Result<> Advanced(const Commit& commit) {
    RTL_CHECK(Advance(state_, commit));
    state_.files = ActiveFiles();
    return {};
  }

  Result<> TakeUp(const Commit& commit) {
    std::unordered_set<std::string> touched;
    for (const Action& action : commit.actions) {
      if (const auto* add = std::get_if<Add>(&action)) {
        touched.insert(FileKey(add->path));
      } else if (const auto* remove = std::get_if<Remove>(&action)) {
        touched.insert(FileKey(remove->path));
      } else if (std::holds_alternative<Protocol>(action) || std::holds_alternative<Metadata>(action)) {
        changed_ = true;
      }
    }
    RTL_CHECK(Advanced(commit));
    if (changed_) {
      // Planned anew: columns, types and properties decide how files are written.
      DropAll();
      return CheckProtocol();
    }
    std::vector<Rewritten> kept;
    for (Rewritten& rewritten : ready_) {
      bool is_touched = false;
      ForEachFile(rewritten.job,
                  [&](const std::string& key) { is_touched = is_touched || touched.contains(key); });
      if (is_touched) {
        Drop(std::move(rewritten));
      } else {
        kept.push_back(std::move(rewritten));
      }
    }
    ready_ = std::move(kept);
    return {};
  }

  void DropAll() {
    for (Rewritten& rewritten : std::exchange(ready_, {})) Drop(std::move(rewritten));
  }

  // No commit names its new files, and none will.
  void Drop(Rewritten rewritten) {
    report_.dropped += static_cast<std::int64_t>(rewritten.inputs());
    std::vector<std::string> orphans;
    const std::size_t fresh = std::min(rewritten.adds.size(), rewritten.job.bins.size());
    orphans.reserve(fresh);
    for (std::size_t i = 0; i < fresh; ++i) orphans.push_back(table_.DataKey(rewritten.adds[i].path));
    [[maybe_unused]] const auto deleted = table_.store().DeleteAll(orphans);  // else a vacuum does
  }

  std::vector<Action> MakeActions() const {
    const std::int64_t now_ms = MillisSinceEpoch(table_.clock().Now());
    std::vector<Action> actions;
    std::size_t removed = 0;
    std::size_t added = 0;
    for (const Rewritten& rewritten : ready_) {
      for (const auto& bin : rewritten.job.bins) {
        for (const Add& add : bin) actions.emplace_back(RemoveOf(add, now_ms, false));
        removed += bin.size();
      }
      added += rewritten.job.bins.size();
      for (const Add& add : rewritten.adds) {
        actions.emplace_back(add);
        std::get<Add>(actions.back()).data_change = false;
      }
    }
    actions.insert(actions.begin(), Info(now_ms, removed, added));
    return actions;
  }

  CommitInfo Info(std::int64_t now_ms, std::size_t removed, std::size_t added) const {
    JsonWriter json;
    json.BeginObject().Key("timestamp").Int(now_ms).Key("operation").String("OPTIMIZE");
    json.Key("operationParameters").BeginObject().EndObject();
    json.Key("isBlindAppend").Bool(false);
    json.Key("operationMetrics").BeginObject();
    json.Key("numRemovedFiles").String(std::to_string(removed));
    json.Key("numAddedFiles").String(std::to_string(added)).EndObject();
    if (!options_.engine_info.empty()) json.Key("engineInfo").String(options_.engine_info);
    json.Key("txnId").String(NewUuid()).EndObject();
    return {std::move(json).Take()};
  }

  void Count(Version version) {
    report_.version = version;
    ++report_.commits;
    for (const Rewritten& rewritten : ready_) {
      for (const auto& bin : rewritten.job.bins) {
        report_.removed += static_cast<std::int64_t>(bin.size());
        for (const Add& add : bin) report_.removed_bytes += add.size;
      }
      report_.added += static_cast<std::int64_t>(rewritten.job.bins.size());
      for (std::size_t i = 0; i < rewritten.job.bins.size(); ++i)
        report_.added_bytes += rewritten.adds[i].size;
    }
  }

  const Table& table_;
  const OptimizeOptions& options_;
  const std::stop_token stop_;
  TableState state_;      // without files
  bool changed_ = false;  // the table is no longer what was planned for
  std::vector<Rewritten> ready_;
  OptimizeReport report_;
};

}  // namespace

void PackAnyFiles(const PackOptions& pack, OptimizeOptions& options) {
  options.group = [pack](const Add& add) -> std::optional<std::string> {
    if (add.deletion_vector || IsAbsolutePath(add.path) || IsLargeEnough(add.size, pack)) return std::nullopt;
    return "";
  };
  options.plan = [pack](std::vector<Add> files) {
    std::vector<RewriteJob> jobs;
    for (auto& bin : PackBins(std::move(files), pack)) {
      jobs.emplace_back();
      jobs.back().bins.push_back(std::move(bin));
    }
    return jobs;
  };
}

Result<OptimizeReport> Optimize(const Table& table, const OptimizeOptions& options, std::stop_token stop) {
  return Optimizing(table, options, std::move(stop)).Run();
}

}  // namespace rtl::delta
