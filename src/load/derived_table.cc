#include "load/derived_table.h"

#include <fmt/format.h>

#include "core/uuid.h"
#include "delta/check_actions.h"
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

Result<> DerivedTable::Refresh() {
  looked_at_ = clock_->Now();
  auto commits = table_.CommitsAfter(state_.version);
  if (!commits && commits.error().kind() == ErrorKind::kNotFound) {
    RTL_TRY(state_, table_.Load());
    return {};
  }
  if (!commits) return Fail(commits.error());
  for (const delta::Commit& commit : *commits) RTL_CHECK(delta::Advance(state_, commit));
  return commits->empty() ? Result<>() : delta::CheckWritable(state_.protocol, state_.metadata);
}

Result<std::optional<Version>> DerivedTable::Absorb(Version upto, const Content& content) {
  for (;;) {
    if (clock_->Now() - looked_at_ > kMaxStateAge) RTL_CHECK(Refresh());
    const std::optional<DeriveRange> range = PlanDerive(absorbed(), upto);
    if (!range) return std::optional<Version>();
    const Timestamp now = clock_->Now();
    RTL_TRY(std::vector<delta::Action> actions, content(state_, *range));
    delta::Txn txn;
    txn.app_id = app_id_;
    txn.version = range->upto;
    txn.last_updated_ms = MillisSinceEpoch(now);
    actions.insert(actions.begin(),
                   {delta::CommitInfo{PlainCommitInfo("WRITE", NewUuid(), now)}, std::move(txn)});

    const Version version = state_.version + 1;
    RTL_CHECK(delta::CheckActions(state_.metadata, actions));
    RTL_TRY(const AfterPut next, PutAndReadBack(table_, version, actions, looked_at_, *clock_));
    if (next != AfterPut::kDone) {
      RTL_CHECK(Refresh());  // and compute the range anew: a derived append is never rebased
      continue;
    }
    RTL_CHECK(delta::Advance(state_, {version, now, actions}));
    return std::optional(version);
  }
}

}  // namespace rtl::load
