// Keeps the derived tables (raw, file_log, file_records, quarantine) up with the ledger. One thread at a
// time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "load/derived_table.h"
#include "load/fitted_files.h"
#include "load/options.h"
#include "load/table_set.h"

namespace rtl::load {

class Deriver {
 public:
  // Opens (or makes) the derived tables of a snapshot. file_records and file_log that are made absorb the
  // whole ledger; raw and quarantine begin after `snapshot.version`, since the data files of what was loaded
  // before are not there. `set` must outlive the deriver.
  static Result<std::unique_ptr<Deriver>> Open(const TableSet& set, const delta::TableState& snapshot,
                                               const Options& options, bool create, const Clock& clock);

  // Makes every derived table absorb the ledger up to `version`, a snapshot version whose columns are those
  // of `snapshot`. Safe beside other processes doing the same.
  Result<> Derive(Version version, const TableSchema& snapshot);

  // Called with each commit made to a derived table.
  void OnCommit(std::function<void(Role role, Version version)> callback) {
    on_commit_ = std::move(callback);
  }

  // The lowest version that all have absorbed.
  Version absorbed() const;
  DerivedTable& Of(Role role);

 private:
  struct Item {
    Role role;
    DerivedTable table;
  };
  Deriver(const TableSet& set, const Clock& clock) : set_(set), clock_(clock) {}
  Result<> DeriveRangeOf(Item& item, const std::vector<LedgerCommit>& commits, const TableSchema& snapshot);

  const TableSet& set_;
  const Clock& clock_;
  std::vector<Item> items_;
  std::function<void(Role, Version)> on_commit_;
};

}  // namespace rtl::load
