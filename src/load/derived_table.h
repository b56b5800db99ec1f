// One derived table: absorbs ranges of the ledger, each with a txn that names the snapshot version it has
// absorbed. The content of a range is a pure function of the ledger, so two processes may derive at once
// (design: "One ledger, derived tables"). One thread at a time.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "delta/conflict.h"
#include "delta/table.h"
#include "load/decisions.h"
#include "load/table_set.h"

namespace rtl::load {

// What one ledger commit says, as the derived tables need it.
struct LedgerCommit {
  Version version = -1;
  std::vector<LedgerEntry> entries;
  std::map<std::string, delta::Add> adds;  // new data files by path
};
Result<LedgerCommit> ToLedgerCommit(const delta::Commit& commit);

class DerivedTable {
 public:
  DerivedTable(delta::Table table, delta::TableState state, std::string app_id, const Clock& clock);

  // Snapshot version absorbed as of the last look; -1 when none.
  Version absorbed() const;
  const delta::TableState& state() const { return state_; }
  const delta::Table& table() const { return table_; }

  Result<> Refresh();

  // Actions that absorb the range, on the state given (data files already put). Called again, with the range
  // and the state that hold then, after a commit of others that conflicts with them (delta/conflict.h): one
  // that has absorbed, too, always does, by its txn.
  using Content = std::function<Result<std::vector<delta::Action>>(const delta::TableState&, DeriveRange)>;

  // Makes the table absorb up to `upto`, and returns the table's version that did; nullopt when another
  // process had done so.
  Result<std::optional<Version>> Absorb(Version upto, const Content& content);

 private:
  // Takes up what others have committed. False when `actions`, made on the state as it was, conflict with it
  // or cannot be compared with it.
  Result<bool> StillHolds(const delta::ReadSet& read, const std::vector<delta::Action>& actions);
  // nullopt: the log can no longer be followed, and the table was read anew.
  Result<std::optional<std::vector<delta::Commit>>> TakeUpWinners();

  delta::Table table_;
  delta::TableState state_;
  std::string app_id_;
  const Clock* clock_;
  Timestamp looked_at_;
};

}  // namespace rtl::load
