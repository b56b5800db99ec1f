#include "load/derived_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/uuid.h"
#include "delta/commit_preparation.h"
#include "load/ledger.h"
#include "load/settle_commit.h"

namespace rtl::load {

Result<LedgerCommit> ToLedgerCommit(const delta::Commit& commit) {
  LedgerCommit ledger_commit;
  ledger_commit.version = commit.version;
  RTL_TRY(ledger_commit.entries, EntriesOf(commit));
  for (const delta::Action& action : commit.actions) {
    const auto* add = std::get_if<delta::Add>(&action);
    if (add != nullptr && add->data_change) ledger_commit.adds.emplace(add->path, *add);
  }
  return ledger_commit;
}

DerivedTable::DerivedTable(delta::Table table, delta::TableState state, std::string app_id,
                           const Clock& clock)
    : table_(std::move(table)),
      state_(std::move(state)),
      app_id_(std::move(app_id)),
      clock_(&clock),
      looked_at_(clock.Now()) {}

Version DerivedTable::absorbed() const {
  const auto txn = state_.txns.find(app_id_);
  return txn == state_.txns.end() ? -1 : txn->second.version;
}

Result<std::optional<std::vector<delta::Commit>>> DerivedTable::TakeUpWinners() {
  looked_at_ = clock_->Now();
  auto commits = table_.CommitsAfter(state_.version);
  if (!commits && commits.error().kind() == ErrorKind::kNotFound) {
    RTL_TRY(state_, table_.Load());
    return std::optional<std::vector<delta::Commit>>();
  }
  if (!commits) return Fail(commits.error());
  for (const delta::Commit& commit : *commits) RTL_CHECK(delta::Advance(state_, commit));
  if (!commits->empty()) RTL_CHECK(delta::CheckWritable(state_.protocol, state_.metadata));
  return std::optional(std::move(*commits));
}

Result<> DerivedTable::Refresh() {
  const auto winners = TakeUpWinners();
  return winners ? Result<>() : Fail(winners.error());
}

Result<bool> DerivedTable::StillHolds(const delta::ReadSet& read, const std::vector<delta::Action>& actions) {
  const delta::Protocol protocol = state_.protocol;
  const delta::Metadata metadata = state_.metadata;
  RTL_TRY(const auto winners, TakeUpWinners());
  if (!winners) return false;
  const delta::Transaction ours{read, actions, protocol, metadata};
  return std::ranges::all_of(*winners, [&](const delta::Commit& winner) {
    return delta::FindConflicts(ours, winner.actions).empty();
  });
}

namespace {

// Of the table's files only those that are rewritten were read.
delta::ReadSet ReadBy(const std::vector<delta::Action>& actions) {
  delta::ReadSet read;
  for (const delta::Action& action : actions) {
    const auto* remove = std::get_if<delta::Remove>(&action);
    if (remove == nullptr) continue;
    read.scope = delta::ReadSet::Scope::kFiles;
    read.files.push_back(remove->path);
  }
  return read;
}

}  // namespace

Result<std::optional<Version>> DerivedTable::Absorb(Version upto, const Content& content) {
  std::vector<delta::Action> actions;  // without commitInfo; empty: to be made
  for (;;) {
    if (clock_->Now() - looked_at_ > kMaxStateAge) {
      RTL_CHECK(Refresh());
      actions.clear();
    }
    if (actions.empty()) {
      const std::optional<DeriveRange> range = PlanDerive(absorbed(), upto);
      if (!range) return std::optional<Version>();
      RTL_TRY(actions, content(state_, *range));
      delta::Txn txn;
      txn.app_id = app_id_;
      txn.version = range->upto;
      txn.last_updated_ms = MillisSinceEpoch(clock_->Now());
      actions.insert(actions.begin(), std::move(txn));
    }
    const Timestamp now = clock_->Now();
    const delta::ReadSet read = ReadBy(actions);
    std::vector<delta::Action> commit = actions;
    commit.emplace_back(delta::CommitInfo{PlainCommitInfo("WRITE", NewUuid(), now)});
    RTL_CHECK(delta::PrepareCommit(state_, read, commit, now));

    const Version version = state_.version + 1;
    RTL_TRY(const AfterPut next, PutAndReadBack(table_, version, commit, looked_at_, *clock_));
    if (next != AfterPut::kDone) {
      RTL_TRY(const bool holds, StillHolds(read, actions));
      if (!holds || next == AfterPut::kPlanAgain) actions.clear();
      continue;
    }
    RTL_CHECK(delta::Advance(state_, {version, now, commit}));
    return std::optional(version);
  }
}

}  // namespace rtl::load
