#include "load/maintenance.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "load/compaction.h"

namespace rtl::load {
namespace {

// After the start loading comes first, and a loader that is started anew again and again gets its turn too.
constexpr std::chrono::minutes kFirstTurn{10};

// A table that is switched off, or not yet made, need not be there.
Result<bool> Exists(const delta::Table& table) {
  RTL_TRY(const auto lister, table.store().List(table.DataKey("_delta_log/")));
  RTL_TRY(const auto page, lister->Next());
  return !page.empty();
}

std::string_view NameOf(const UpkeepTable& table) {
  return table.table.path();
}

}  // namespace

Maintenance::Maintenance(store::ObjectStore& tables, const Options& options, Observer& observer,
                         const Clock& clock)
    : options_(options), observer_(observer), set_(MakeTableSet(tables, options, clock, true)) {
  const MaintenanceOptions& chosen = options.maintenance;
  // What packing leaves behind is for a later vacuum; a log that was cleaned is read faster.
  duties_ = {{chosen.optimize_interval, &Maintenance::PackSmallFiles, {}},
             {chosen.log_interval, &Maintenance::CleanLogs, {}},
             {chosen.vacuum_interval, &Maintenance::VacuumAll, {}}};
  std::erase_if(duties_, [](const Duty& duty) { return duty.interval.count() == 0; });
}

Maintenance::~Maintenance() {
  Stop();
}

void Maintenance::Committed(Role role, Version version) {
  if (version <= 0 || version % options_.checkpoint_interval != 0) return;
  const std::lock_guard lock(mutex_);
  Version& asked = checkpoints_[role];
  asked = std::max(asked, version);
  changed_.notify_all();
}

void Maintenance::Start(bool scheduled) {
  Stop();
  stopping_ = std::stop_source();
  thread_ = std::jthread([this, scheduled, stop = stopping_.get_token()] { Run(stop, scheduled); });
}

void Maintenance::RequestStop() {
  stopping_.request_stop();
}

void Maintenance::Stop() {
  RequestStop();
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(mutex_);
  checkpoints_.clear();
  finishing_ = false;
}

void Maintenance::Finish(const std::stop_token& stop) {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
    changed_.notify_all();
  }
  {
    const std::stop_callback forward(stop, [this] { RequestStop(); });
    if (thread_.joinable()) thread_.join();
  }
  ServeCommits(stop);
  Stop();
}

void Maintenance::RunAll(const std::stop_token& stop) {
  for (const Duty& duty : duties_) (this->*duty.run)(stop);
}

void Maintenance::Run(const std::stop_token& stop, bool scheduled) {
  const auto now = SteadyClock::now();
  for (Duty& duty : duties_) duty.due = now + std::min<std::chrono::milliseconds>(duty.interval, kFirstTurn);
  while (true) {
    ServeCommits(stop);
    if (scheduled) {
      for (Duty& duty : duties_) {
        if (stop.stop_requested() || SteadyClock::now() < duty.due) continue;
        (this->*duty.run)(stop);
        duty.due = SteadyClock::now() + duty.interval;
        ServeCommits(stop);
      }
    }
    std::unique_lock lock(mutex_);
    const auto woken = [&] { return finishing_ || !checkpoints_.empty(); };
    if (!scheduled || duties_.empty()) {
      changed_.wait(lock, stop, woken);
    } else {
      changed_.wait_until(lock, stop, std::ranges::min(duties_, {}, &Duty::due).due, woken);
    }
    if (stop.stop_requested() || (finishing_ && checkpoints_.empty())) return;
  }
}

void Maintenance::ServeCommits(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::pair<Role, Version> next;
    {
      const std::lock_guard lock(mutex_);
      if (checkpoints_.empty()) return;
      next = *checkpoints_.begin();
      checkpoints_.erase(checkpoints_.begin());
    }
    const UpkeepTable table = TableOf(next.first);
    if (auto written = table.table.WriteCheckpoint(next.second); !written) {
      observer_.OnNotice("no checkpoint was written: " + written.error().message());
    }
  }
}

UpkeepTable Maintenance::TableOf(Role role) const {
  return {*set_.Find(role), &set_, role};
}

void Maintenance::ForEachTable(std::string_view what, const std::stop_token& stop,
                               const std::function<Result<std::string>(const UpkeepTable&)>& work) {
  std::string done;
  std::vector<Role> roles = {Role::kSnapshot};
  for (const RoleTable& derived : set_.derived) roles.push_back(derived.role);
  for (const Role role : roles) {
    if (stop.stop_requested()) break;
    const UpkeepTable table = TableOf(role);
    const auto exists = Exists(table.table);
    if (exists && !*exists) continue;
    const auto result = exists ? work(table) : Result<std::string>(Fail(exists.error()));
    if (result && !result->empty()) {
      done += fmt::format("{}{}: {}", done.empty() ? "" : "; ", NameOf(table), *result);
    }
    if (!result && result.error().kind() != ErrorKind::kCancelled) {
      observer_.OnNotice(fmt::format("{} failed, loading goes on: {}", what, result.error().message()));
    }
  }
  if (!done.empty()) observer_.OnUpkeep(fmt::format("{}: {}", what, done));
}

void Maintenance::PackSmallFiles(std::stop_token stop) {
  ForEachTable("optimize", stop, [&](const UpkeepTable& table) -> Result<std::string> {
    RTL_TRY(const delta::OptimizeReport report, PackTable(table, stop));
    if (report.removed == 0) return std::string();
    Committed(*table.role, report.version);
    return fmt::format("{} files became {}", report.removed, report.added);
  });
}

Result<delta::OptimizeReport> Maintenance::PackTable(const UpkeepTable& table, const std::stop_token& stop) {
  if (table.role == Role::kSnapshot) {
    // Files of one key are written anew with their key anyway.
    if (!compact_snapshot_) return delta::OptimizeReport();
    RTL_TRY(const RepackReport report, compact_snapshot_(stop));
    return ToOptimizeReport(report);
  }
  CompactOptions compact;
  compact.pack.target_bytes = options_.maintenance.target_bytes;
  compact.pack.min_files = options_.maintenance.small_files;
  compact.pack.amortised = true;
  return Compact(table.table, table.role, compact, stop);
}

void Maintenance::CleanLogs(std::stop_token stop) {
  ForEachTable("log clean-up", stop, [&](const UpkeepTable& table) -> Result<std::string> {
    // One that was due when a loader was killed is made up for.
    RTL_CHECK(CheckpointTable(table.table, options_.checkpoint_interval));
    delta::LogCleanupOptions options;
    options.at_least = options_.maintenance.log_retention;
    RTL_TRY(const LogUpkeep upkeep, CleanTableLog(table, options, stop));
    if (upkeep.report.files == 0) return std::string();
    return fmt::format("{} files removed, version {} is the oldest now", upkeep.report.files,
                       upkeep.report.kept_from);
  });
}

void Maintenance::VacuumAll(std::stop_token stop) {
  ForEachTable("vacuum", stop, [&](const UpkeepTable& table) -> Result<std::string> {
    delta::VacuumOptions options;
    options.at_least = options_.maintenance.retention;
    RTL_TRY(const delta::VacuumReport report, VacuumTable(table, options, stop));
    if (report.files == 0) return std::string();
    return fmt::format("{} files, {} bytes removed", report.files, report.bytes);
  });
}

}  // namespace rtl::load
