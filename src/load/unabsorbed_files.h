// What the snapshot's log is still needed for: the derived tables that have not absorbed it.
#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "load/decisions.h"
#include "load/table_set.h"

namespace rtl::load {

// Data files of raw or quarantine that ledger entries name and the table has not yet absorbed: they lie in
// its folder, and its own log does not know them. For vacuum: asked again it tells what has come since.
class UnabsorbedFiles {
 public:
  // `set` must outlive it. `role`: other tables than those two have none.
  UnabsorbedFiles(const TableSet& set, Role role) : set_(set), role_(role) {}

  // Paths below the table's folder. kNotFound, with the commit's number, when the ledger that would tell is
  // gone.
  Result<std::vector<std::string>> Next();

 private:
  Result<> Begin(std::vector<std::string>& paths);
  Result<> Take(const delta::Commit& commit, std::vector<std::string>& paths);

  const TableSet& set_;
  const Role role_;
  bool begun_ = false;
  bool none_ = false;
  Version read_ = -1;  // of the snapshot: up to which the ledger has been read
};

// The snapshot version up to which every derived table has absorbed the ledger, also one that is switched off
// at present; -1: one needs all of it. file_records and file_log that are not there will need all of it; raw
// and quarantine begin where they are made.
struct Absorbed {
  Version version = -1;
  std::string behind;  // the table that stands there
};
// `set`: with all tables. `snapshot`: of its newest version.
Result<Absorbed> AbsorbedByAll(const TableSet& set, const delta::TableState& snapshot);

}  // namespace rtl::load
