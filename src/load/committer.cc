#include "load/committer.h"

#include <algorithm>
#include <iterator>

#include "core/uuid.h"
#include "delta/change_data.h"
#include "delta/column_mapping.h"
#include "delta/commit_preparation.h"
#include "delta/reconcile.h"
#include "load/change_rows.h"
#include "load/settle_commit.h"
#include "load/strike_out.h"

namespace rtl::load {

Result<Committer::Outcome> Committer::Commit(std::vector<LoadedFile> files) {
  RTL_CHECK(ledger_.CheckNothingLost());
  Outcome outcome;
  packed_.reset();
  packed_keys_.clear();
  // A version that log clean-up removed must never be written again.
  if (clock_.Now() - ledger_.read_at() > kMaxStateAge) RTL_CHECK(ledger_.Refresh());
  std::vector<Change> changes;
  // Taken before the checks: another thread may refresh the ledger between them and the put, which then
  // conflicts.
  Version on = ledger_.version();
  PrepareAll(std::move(files), changes, outcome);
  while (!changes.empty()) {
    const Timestamp state_read_at = ledger_.read_at();
    auto prepared = MakeActions(changes, outcome);
    if (!prepared && (prepared.error().kind() == ErrorKind::kNotFound ||
                      prepared.error().kind() == ErrorKind::kConflict)) {
      // A file whose rows are to go was replaced meanwhile: the commit that did so is read first. Where there
      // is none, the file is lost.
      RTL_CHECK(ledger_.Refresh());
      if (ledger_.version() == on) return Fail(prepared.error());
      on = ledger_.version();
      KeepWhatHolds(changes, outcome);
      continue;
    }
    RTL_CHECK(prepared);
    std::vector<delta::Action>& actions = prepared->actions;
    if (actions.empty()) break;
    const Version version = on + 1;
    RTL_TRY(const bool is_current, PrepareOn(on, actions));
    if (!is_current) {
      on = ledger_.version();
      KeepWhatHolds(changes, outcome);
      continue;
    }
    RTL_TRY(const AfterPut next, PutAndReadBack(set_.snapshot, version, actions, state_read_at, clock_));
    if (next == AfterPut::kDone) {
      RTL_CHECK(ledger_.Apply({version, clock_.Now(), actions}, prepared->indexes));
      outcome.version = version;
      for (Change& change : changes) outcome.committed.push_back(std::move(change.change.entry));
      return outcome;
    }
    RTL_CHECK(ledger_.Refresh());
    if (next == AfterPut::kPlanAgain) {
      for (Change& change : changes) outcome.plan_again.push_back(std::move(change.file));
      return outcome;
    }
    on = ledger_.version();
    KeepWhatHolds(changes, outcome);
  }
  return outcome;
}

Result<bool> Committer::PrepareOn(Version on, std::vector<delta::Action>& actions) {
  // What was read of the table are the files of the keys, and the ledger.
  static const delta::ReadSet kRead{.scope = delta::ReadSet::Scope::kFiles};
  return ledger_.Inspect([&](const Ledger& ledger) -> Result<bool> {
    if (ledger.version() != on) return false;
    RTL_CHECK(delta::PrepareCommit(ledger.state(), kRead, actions, clock_.Now()));
    return true;
  });
}

void Committer::PrepareAll(std::vector<LoadedFile> files, std::vector<Change>& changes, Outcome& outcome) {
  const Timestamp now = clock_.Now();
  for (LoadedFile& file : files) {
    const LiveLedger::View view = ledger_.Look(file.source_file);
    if (Touched(view.account, file.base, view.known_since)) {
      outcome.plan_again.push_back(std::move(file));
      continue;
    }
    // Decided on the rows' hash when it was read: they must still be there.
    if (file.load.read.entry.outcome == EntryOutcome::kUnchanged) {
      const auto tag = RowsTag(view.account);
      if (!tag || tag->hash != file.load.read.entry.hash) {
        outcome.plan_again.push_back(std::move(file));
        continue;
      }
    }
    std::optional<KeyChange> change = Prepare(view.account, file.base, file.load.read, now);
    if (!change) {
      outcome.nothing_to_do.push_back(std::move(file));
    } else if (file.load.file_version != 0 && change->entry.outcome == EntryOutcome::kLoaded &&
               change->entry.file_version != file.load.file_version) {
      outcome.plan_again.push_back(std::move(file));  // the rows carry another number
    } else {
      changes.push_back({std::move(file), std::move(*change)});
    }
  }
}

void Committer::KeepWhatHolds(std::vector<Change>& changes, Outcome& outcome) {
  std::vector<Change> kept;
  for (Change& change : changes) {
    const LiveLedger::View view = ledger_.Look(change.file.source_file);
    if (StillHolds(change.change, view.account, view.known_since)) {
      kept.push_back(std::move(change));
    } else {
      outcome.plan_again.push_back(std::move(change.file));
    }
  }
  changes = std::move(kept);
}

// The rows of small files, together in one file. Encoded anew only when others are to be in it, or the
// table's columns have changed.
Result<> Committer::PackRows(std::vector<Change>& changes) {
  std::vector<std::string> keys;
  for (const Change& change : changes) {
    if (!change.file.load.rows.empty()) keys.push_back(change.file.source_file);
  }
  if (keys.empty()) packed_.reset();
  const auto columns = ledger_.columns();
  if (keys.empty() || (packed_ && keys == packed_keys_ && columns == packed_columns_)) return {};
  std::vector<PackMember> members;
  for (const Change& change : changes) {
    const FileLoad& load = change.file.load;
    if (load.rows.empty()) continue;
    members.push_back({change.file.source_file, load.file_version, load.rows});
  }
  RTL_TRY(packed_, PutPacked(set_, std::move(members), columns->stored, set_.Find(Role::kRaw) != nullptr,
                             clock_.Now()));
  packed_keys_ = std::move(keys);
  packed_columns_ = columns;
  return {};
}

// Those rows that strikes have not told.
Result<> Committer::TellChanges(const std::vector<Change>& changes, ChangeRows& rows,
                                std::vector<delta::Action>& actions) const {
  for (const Change& change : changes) {
    for (const delta::Remove& remove : change.change.removes) RTL_CHECK(rows.Deleted(remove));
    for (const delta::Add& add : change.change.adds) RTL_CHECK(rows.Inserted(add));
  }
  if (packed_) RTL_CHECK(rows.Inserted(packed_->add));
  RTL_TRY(std::vector<delta::AddCdc> files, rows.Finish());
  std::ranges::move(files, std::back_inserter(actions));
  return {};
}

Result<Committer::Prepared> Committer::MakeActions(std::vector<Change>& changes, Outcome& outcome) {
  delta::Metadata metadata = ledger_.metadata();
  const auto columns = ledger_.columns();
  bool widened = false;
  std::vector<Change> kept;
  for (Change& change : changes) {
    if (change.change.entry.outcome == EntryOutcome::kLoaded) {
      auto wider = WithFields(metadata.schema, change.file.load.fields);
      // Another spelling or type has come first, or no more columns fit: decode it anew with the table's
      // columns.
      const bool too_wide = wider && *wider && options_.pinned_columns.empty() &&
                            static_cast<int>(DataFields(**wider).size()) > options_.max_columns;
      if (!wider || too_wide) {
        outcome.plan_again.push_back(std::move(change.file));
        continue;
      }
      if (*wider) {
        metadata.schema = std::move(**wider);
        widened = true;
      }
      // Where columns are mapped, new ones get their names and ids in this commit, and files that have them
      // are made anew. So are files made before the mapping, or NOT NULL, came.
      const FileLoad& load = change.file.load;
      const bool by_own_names = load.stored == nullptr && columns->stored == nullptr;
      if (!by_own_names && !columns->HoldsAsStored(load.stored.get(), ColumnsOfFile(load.fields))) {
        outcome.plan_again.push_back(std::move(change.file));
        continue;
      }
    }
    kept.push_back(std::move(change));
  }
  changes = std::move(kept);
  if (changes.empty() && !widened) return Prepared();
  if (widened) RTL_CHECK(delta::MapNewColumns(ledger_.protocol(), metadata));

  RTL_CHECK(PackRows(changes));
  Prepared prepared;
  Strikes strikes;
  for (Change& change : changes) {
    for (const KeyChange::Strike& strike : change.change.strikes) {
      std::vector<RowRange>& ranges = strikes[strike.path];
      ranges.insert(ranges.end(), strike.ranges.begin(), strike.ranges.end());
    }
    if (!change.file.load.rows.empty() && set_.Find(Role::kRaw) != nullptr) {
      change.change.entry.raw_paths = {packed_->add.path};
    }
  }
  // Where a strike changes part of a file, what changed is told row by row (protocol: "Add CDC File"); whole
  // files tell it themselves.
  std::unique_ptr<ChangeRows> changed;
  if (delta::KeepsChangeData(ledger_.protocol(), metadata) && LeavesRows(ledger_, strikes)) {
    changed = std::make_unique<ChangeRows>(set_.snapshot, ledger_.protocol(), ledger_.metadata(), metadata);
  }
  RTL_TRY(StruckOut struck, StrikeOut(set_, ledger_, strikes, clock_.Now(), changed.get()));
  prepared.indexes = std::move(struck.indexes);

  std::vector<LedgerEntry> entries;
  entries.reserve(changes.size());
  for (const Change& change : changes) entries.push_back(change.change.entry);
  std::vector<delta::Action>& actions = prepared.actions;
  actions.emplace_back(
      delta::CommitInfo{ToCommitInfo(entries, NewUuid(), clock_.Now(),
                                     options_.run_info ? std::optional(options_.run_info()) : std::nullopt)});
  if (widened) actions.emplace_back(std::move(metadata));
  for (const Change& change : changes) {
    actions.insert(actions.end(), change.change.removes.begin(), change.change.removes.end());
    actions.insert(actions.end(), change.change.adds.begin(), change.change.adds.end());
  }
  std::ranges::move(struck.actions, std::back_inserter(actions));
  if (packed_) {
    actions.emplace_back(packed_->add);
    prepared.indexes.emplace(delta::LogicalFileKey(packed_->add), packed_->index);
  }
  if (changed) RTL_CHECK(TellChanges(changes, *changed, actions));
  return prepared;
}

}  // namespace rtl::load
