// optimize, vacuum, checkpoint, clean-log: one table after the other.
#include <fmt/format.h>

#include <functional>
#include <utility>

#include "cli/commands.h"
#include "cli/quantities.h"
#include "cli/run.h"
#include "cli/step_progress.h"
#include "cli/upkeep_reports.h"
#include "cli/upkeep_targets.h"
#include "delta/checkpoint_policy.h"
#include "load/table_upkeep.h"

namespace rtl::cli {
namespace {

using Work = std::function<Result<UpkeepReport>(const UpkeepTarget&, UpkeepResult&, StepProgress&)>;

// What concerns all tables alike ends the run; what is one table's own does not keep the others waiting.
bool EndsTheRun(ErrorKind kind) {
  return kind == ErrorKind::kBadConfig || kind == ErrorKind::kCancelled || kind == ErrorKind::kInternal;
}

Result<int> RunOnEach(const Invocation& invocation, const Environment& environment, const Work& work) {
  RTL_TRY(const UpkeepTargets targets, FindUpkeepTargets(invocation, environment));
  std::vector<UpkeepResult> results;
  bool failed = false;
  for (const UpkeepTarget& target : targets.targets) {
    if (environment.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
    UpkeepResult result{.table = target.name};
    StepProgress progress(environment.err, invocation.config.log_format);
    auto report = work(target, result, progress);
    progress.Erase();
    if (!report && (targets.targets.size() == 1 || EndsTheRun(report.error().kind()))) {
      return Fail(std::move(report).error());
    }
    if (report) {
      result.report = std::move(*report);
    } else {
      failed = true;
      environment.err.write(ErrorLine(report.error()) + "\n");
      result.error = report.error();
    }
    results.push_back(std::move(result));
    if (invocation.json) continue;
    environment.out.write(UpkeepText({results.back()}, invocation.dry_run));
    results.back().files.clear();
  }
  if (invocation.json) environment.out.write(UpkeepJson(results, invocation.dry_run) + "\n");
  return failed ? kExitError : kExitOk;
}

}  // namespace

Result<int> RunOptimize(const Invocation& invocation, const Environment& environment) {
  return RunOnEach(
      invocation, environment,
      [&](const UpkeepTarget& target, UpkeepResult&, StepProgress& progress) -> Result<UpkeepReport> {
        load::CompactOptions options;
        options.pack.target_bytes = invocation.config.load.maintenance.target_bytes;
        options.on_progress = [&](const delta::OptimizeReport& report) {
          progress.Tell(fmt::format("{}: {} rewritten as {}", target.name, Counted(report.removed, "file"),
                                    ReadableCount(report.added)));
        };
        return load::OptimizeTable(target.table, options, environment.stop);
      });
}

Result<int> RunVacuum(const Invocation& invocation, const Environment& environment) {
  return RunOnEach(
      invocation, environment,
      [&](const UpkeepTarget& target, UpkeepResult& result, StepProgress& progress) -> Result<UpkeepReport> {
        delta::VacuumOptions options;
        options.retention = invocation.retention;
        // What the loader's configuration says is about its own tables.
        if (target.table.role) options.at_least = invocation.config.load.maintenance.retention;
        options.force = invocation.force;
        options.dry_run = invocation.dry_run;
        if (invocation.dry_run) {
          options.on_file = [&](std::string_view path, std::int64_t bytes) {
            result.files.push_back({std::string(path), bytes});
          };
        }
        options.on_progress = [&](const delta::VacuumReport& report) {
          progress.Tell(fmt::format("{}: {} looked at, {} to delete", target.name,
                                    Counted(report.looked_at, "file"), ReadableCount(report.files)));
        };
        auto report = load::VacuumTable(target.table, options, environment.stop);
        if (report || report.error().kind() != ErrorKind::kBadConfig) return report;
        return Fail(ErrorKind::kBadConfig, report.error().message() + " (--force)");
      });
}

Result<int> RunCheckpoint(const Invocation& invocation, const Environment& environment) {
  return RunOnEach(
      invocation, environment,
      [&](const UpkeepTarget& target, UpkeepResult&, StepProgress&) -> Result<UpkeepReport> {
        CheckpointReport report;
        if (!invocation.policy.empty()) {
          RTL_CHECK(delta::ChangeCheckpointPolicy(
              target.table.table,
              invocation.policy == "v2" ? delta::CheckpointPolicy::kV2 : delta::CheckpointPolicy::kClassic));
        }
        RTL_TRY(report.written, load::CheckpointTable(target.table.table, 1));
        return report;
      });
}

Result<int> RunCleanLog(const Invocation& invocation, const Environment& environment) {
  return RunOnEach(
      invocation, environment,
      [&](const UpkeepTarget& target, UpkeepResult& result, StepProgress&) -> Result<UpkeepReport> {
        delta::LogCleanupOptions options;
        if (target.table.role) options.at_least = invocation.config.load.maintenance.log_retention;
        options.dry_run = invocation.dry_run;
        if (invocation.dry_run) {
          options.on_file = [&](std::string_view name, std::int64_t bytes) {
            result.files.push_back({fmt::format("_delta_log/{}", name), bytes});
          };
        }
        return load::CleanTableLog(target.table, options, environment.stop);
      });
}

}  // namespace rtl::cli
