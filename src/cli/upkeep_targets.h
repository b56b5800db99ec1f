// The tables that optimize, vacuum, checkpoint and clean-log are about.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/environment.h"
#include "load/table_upkeep.h"

namespace rtl::cli {

struct UpkeepTarget {
  std::string name;  // of the loader's table; else the folder as it was given
  load::UpkeepTable table;
};

// Keeps what the targets refer to.
struct UpkeepTargets {
  std::vector<UpkeepTarget> targets;
  std::vector<std::unique_ptr<store::ObjectStore>> stores;
  std::vector<std::unique_ptr<load::TableSet>> sets;
};

// Each of invocation.tables_named: a table's folder or s3:// prefix, the name of a table below tables.root,
// or a folder that holds the loader's tables. Without any: the loader's tables below tables.root, those that
// exist. A table that the loader made is known by its property, wherever it is named from, and must be where
// its names say. kBadConfig: no such table, or one of the loader's under another name.
Result<UpkeepTargets> FindUpkeepTargets(const Invocation& invocation, const Environment& environment);

}  // namespace rtl::cli
