#include "load/live_ledger.h"

#include <fmt/format.h>

#include <optional>

#include "load/file_records.h"

namespace rtl::load {

Result<std::unique_ptr<LiveLedger>> LiveLedger::Open(const TableSet& set, const Clock& clock) {
  std::unique_ptr<LiveLedger> ledger(new LiveLedger(set, clock));
  RTL_CHECK(ledger->Read());
  return ledger;
}

Result<> LiveLedger::Read() {
  const Timestamp now = clock_.Now();
  // file_records first: what they absorb after this look is also in the log that is read next.
  const delta::Table& records = *set_.Find(Role::kFileRecords);
  RTL_TRY(const delta::TableState records_state, records.Load());
  auto read = ReadRecords(records, records_state);
  if (!read) {
    return Fail(read.error().Wrap(
        fmt::format("{} cannot be read (remove its folder, and the next sync makes it anew from the ledger)",
                    records.Uri())));
  }
  std::vector<LedgerEntry> last = std::move(*read);
  RTL_TRY(delta::TableState state, set_.snapshot.Load());
  const auto txn = records_state.txns.find(DerivedAppId(state.metadata));
  const Version absorbed = txn == records_state.txns.end() ? -1 : txn->second.version;
  RTL_CHECK(delta::CheckWritable(state.protocol, state.metadata));
  const Version version = state.version;
  if (absorbed > version) {
    return Fail(
        ErrorKind::kBadData,
        fmt::format(
            "{} ends at version {}, but file_records have absorbed version {}: the snapshot was set back, or "
            "has lost commits. Restore all tables as of one moment, or load into a new tables root",
            set_.snapshot.Uri(), version, absorbed));
  }
  RTL_TRY(Ledger ledger, Ledger::Start(std::move(state), std::move(last), absorbed));
  std::optional<Error> unfolded;
  const auto read_on = set_.snapshot.ForEachCommit(absorbed + 1, version, [&](const delta::Commit& commit) {
    auto folded = ledger.Fold(commit);
    if (!folded) unfolded = folded.error();
    return folded;
  });
  if (unfolded) return Fail(*unfolded);
  if (!read_on) {
    return Fail(read_on.error().Wrap(
        fmt::format("{}: the ledger after version {}, which file_records have absorbed, cannot be read",
                    set_.snapshot.Uri(), absorbed)));
  }
  const std::lock_guard lock(mutex_);
  ledger_ = std::make_unique<Ledger>(std::move(ledger));
  read_at_ = now;
  return {};
}

LiveLedger::View LiveLedger::Look(std::string_view source_file) const {
  const std::lock_guard lock(mutex_);
  return {ledger_->Account(source_file), ledger_->version(), ledger_->known_since()};
}

Version LiveLedger::version() const {
  const std::lock_guard lock(mutex_);
  return ledger_->version();
}

delta::Metadata LiveLedger::metadata() const {
  const std::lock_guard lock(mutex_);
  return ledger_->state().metadata;
}

std::vector<decode::Column> LiveLedger::columns() const {
  const delta::Metadata current = metadata();
  std::vector<decode::Column> columns;
  for (const delta::Field& field : DataFields(current.schema)) {
    decode::ColumnType type = decode::ColumnType::kString;
    if (field.type == "boolean") type = decode::ColumnType::kBoolean;
    if (field.type == "long") type = decode::ColumnType::kBigint;
    if (field.type == "double") type = decode::ColumnType::kDouble;
    columns.push_back({field.name, type});
  }
  return columns;
}

Result<> LiveLedger::Refresh() {
  const std::lock_guard advancing(advance_mutex_);
  const Timestamp now = clock_.Now();
  auto commits = set_.snapshot.CommitsAfter(version());
  if (!commits && commits.error().kind() == ErrorKind::kNotFound) return Read();
  if (!commits) return Fail(commits.error());
  const std::lock_guard lock(mutex_);
  for (const delta::Commit& commit : *commits) {
    RTL_CHECK(ledger_->Apply(commit));
    for (const delta::Action& action : commit.actions) {
      if (std::holds_alternative<delta::Protocol>(action) ||
          std::holds_alternative<delta::Metadata>(action)) {
        RTL_CHECK(delta::CheckWritable(ledger_->state().protocol, ledger_->state().metadata));
      }
    }
  }
  read_at_ = now;
  return {};
}

Result<> LiveLedger::Apply(const delta::Commit& own) {
  const std::lock_guard advancing(advance_mutex_);
  const std::lock_guard lock(mutex_);
  if (own.version <= ledger_->version()) return {};
  RTL_CHECK(ledger_->Apply(own));
  read_at_ = clock_.Now();
  return {};
}

Timestamp LiveLedger::read_at() const {
  const std::lock_guard lock(mutex_);
  return read_at_;
}

}  // namespace rtl::load
