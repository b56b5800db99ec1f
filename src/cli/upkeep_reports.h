// What optimize, vacuum, checkpoint and clean-log have done, as text and as JSON (docs/commands.md).
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/error.h"
#include "delta/optimize.h"
#include "load/table_upkeep.h"

namespace rtl::cli {

struct CheckpointReport {
  std::optional<delta::Version> written;  // absent: the newest version had one
};

using UpkeepReport =
    std::variant<delta::OptimizeReport, delta::VacuumReport, CheckpointReport, load::LogUpkeep>;

struct RemovedFile {
  std::string path;
  std::int64_t bytes = 0;
};

struct UpkeepResult {
  std::string table;
  std::optional<Error> error;  // the report says nothing then
  UpkeepReport report;
  std::vector<RemovedFile> files;  // of a dry run: what would go
};

// One line a table, each before it the files of a dry run.
std::string UpkeepText(const std::vector<UpkeepResult>& results, bool dry_run);
std::string UpkeepJson(const std::vector<UpkeepResult>& results, bool dry_run);

}  // namespace rtl::cli
