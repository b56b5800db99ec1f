// Packing, vacuum, log clean-up and checkpoints of one table, as its part in the loader's set of tables asks
// for.
#pragma once

#include <optional>
#include <stop_token>

#include "core/error.h"
#include "delta/log_cleanup.h"
#include "delta/optimize.h"
#include "delta/vacuum.h"
#include "load/compaction.h"
#include "load/loader.h"
#include "load/table_set.h"
#include "load/unabsorbed_files.h"

namespace rtl::load {

// A table to be kept up. One that is not the loader's has neither set nor role.
struct UpkeepTable {
  delta::Table table;
  const TableSet* set = nullptr;  // all tables, also those switched off; must outlive this
  std::optional<Role> role;
};

// As Compact. A packed snapshot's shared files are compacted as well, for which the ledger is read; that
// takes its derived tables' file_records.
Result<delta::OptimizeReport> OptimizeTable(const UpkeepTable& table, const CompactOptions& options,
                                            std::stop_token stop = {});
delta::OptimizeReport ToOptimizeReport(const RepackReport& report);

// As delta::Vacuum. Of raw and quarantine nothing goes that the ledger has promised them and they have not
// absorbed. `options.also_needed` is set here.
Result<delta::VacuumReport> VacuumTable(const UpkeepTable& table, delta::VacuumOptions options,
                                        std::stop_token stop = {});

struct LogUpkeep {
  delta::LogCleanupReport report;
  std::optional<Absorbed> absorbed;  // of the snapshot: beyond it nothing goes
};
// As delta::CleanLog. Of the snapshot, whose log is the ledger, no commit goes that a derived table has yet
// to absorb, and its property delta.enableExpiredLogCleanup = false is not for us.
Result<LogUpkeep> CleanTableLog(const UpkeepTable& table, delta::LogCleanupOptions options,
                                std::stop_token stop = {});

// Writes a checkpoint of the newest version, unless one of the last `interval` versions has one. Returns the
// version; nullopt when there was nothing to do. kNotFound: there is no such table.
Result<std::optional<Version>> CheckpointTable(const delta::Table& table, Version interval);

}  // namespace rtl::load
