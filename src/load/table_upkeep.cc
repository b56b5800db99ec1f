#include "load/table_upkeep.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "delta/log_listing.h"
#include "load/live_ledger.h"
#include "load/repack.h"

namespace rtl::load {
namespace {

Result<Layout> LayoutNow(const delta::Table& snapshot) {
  delta::WithoutFiles sink;
  RTL_TRY(const delta::TableState state, snapshot.Scan(std::nullopt, sink));
  return LayoutOf(state.metadata);
}

void Add(const delta::OptimizeReport& more, delta::OptimizeReport& report) {
  report.version = std::max(report.version, more.version);
  report.commits += more.commits;
  report.removed += more.removed;
  report.added += more.added;
  report.removed_bytes += more.removed_bytes;
  report.added_bytes += more.added_bytes;
  report.dropped += more.dropped;
}

}  // namespace

delta::OptimizeReport ToOptimizeReport(const RepackReport& report) {
  delta::OptimizeReport done;
  if (report.version < 0) return done;
  done.version = report.version;
  done.commits = 1;
  done.removed = report.files_before;
  done.added = report.files_after;
  done.removed_bytes = report.bytes_before;
  done.added_bytes = report.bytes_after;
  return done;
}

Result<delta::OptimizeReport> OptimizeTable(const UpkeepTable& table, const CompactOptions& options,
                                            std::stop_token stop) {
  delta::OptimizeReport report;
  if (table.set != nullptr && table.role == Role::kSnapshot) {
    RTL_TRY(const Layout layout, LayoutNow(table.table));
    if (layout == Layout::kPacked) {
      const Clock& clock = table.table.clock();
      RTL_TRY(const auto ledger, LiveLedger::Open(*table.set, clock));
      RepackOptions repack;
      repack.target_bytes = options.pack.target_bytes;
      repack.min_small = static_cast<std::size_t>(options.pack.min_files);
      repack.amortised = options.pack.amortised;
      RTL_TRY(const RepackReport repacked, CompactPacked(*table.set, *ledger, repack, clock, stop));
      report = ToOptimizeReport(repacked);
    }
  }
  RTL_TRY(const auto packed, Compact(table.table, table.role, options, std::move(stop)));
  Add(packed, report);
  return report;
}

Result<delta::VacuumReport> VacuumTable(const UpkeepTable& table, delta::VacuumOptions options,
                                        std::stop_token stop) {
  std::optional<UnabsorbedFiles> unabsorbed;
  if (table.set != nullptr && table.role) {
    unabsorbed.emplace(*table.set, *table.role);
    options.also_needed = [&]() -> Result<std::vector<std::string>> {
      auto paths = unabsorbed->Next();
      if (paths) return paths;
      return Fail(paths.error().Wrap(fmt::format(
          "{}: nothing was deleted, as the ledger does not tell which files are still to be absorbed",
          table.table.Uri())));
    };
  }
  return delta::Vacuum(table.table, options, std::move(stop));
}

Result<LogUpkeep> CleanTableLog(const UpkeepTable& table, delta::LogCleanupOptions options,
                                std::stop_token stop) {
  LogUpkeep upkeep;
  if (table.set != nullptr && table.role == Role::kSnapshot) {
    delta::WithoutFiles sink;
    RTL_TRY(const delta::TableState snapshot, table.table.Scan(std::nullopt, sink));
    RTL_TRY(upkeep.absorbed, AbsorbedByAll(*table.set, snapshot));
    options.needed_after = upkeep.absorbed->version;
    options.even_if_switched_off = true;
  }
  RTL_TRY(upkeep.report, delta::CleanLog(table.table, options, std::move(stop)));
  return upkeep;
}

Result<std::optional<Version>> CheckpointTable(const delta::Table& table, Version interval) {
  const std::string log = table.DataKey("_delta_log/");
  RTL_TRY(const auto hint, delta::ReadCheckpointHint(table.store(), log));
  RTL_TRY(const delta::LogListing listing, delta::ListLog(table.store(), log, hint.value_or(0)));
  const Version newest = listing.Newest();
  if (newest < 0 && !hint) {
    return Fail(ErrorKind::kNotFound, fmt::format("there is no Delta table at {}", table.Uri()));
  }
  const Version last = listing.checkpoints.empty() ? -1 : listing.checkpoints.back().version;
  if (newest - last < interval) return std::optional<Version>();
  RTL_CHECK(table.WriteCheckpoint(newest));
  return std::optional(newest);
}

}  // namespace rtl::load
