#include "load/live_ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <future>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "delta/check_actions.h"
#include "delta/reconcile.h"
#include "delta/version_checksum.h"
#include "load/file_records.h"
#include "load/strike_out.h"

namespace rtl::load {
namespace {

Result<std::shared_ptr<const FileColumns>> ColumnsOf(const TableSet& set, const delta::TableState& state) {
  auto columns = FileColumnsOf(Role::kSnapshot, state.protocol, state.metadata);
  if (!columns) return Fail(columns.error().Wrap(set.snapshot.Uri()));
  return std::make_shared<const FileColumns>(std::move(*columns));
}

}  // namespace

Result<std::unique_ptr<LiveLedger>> LiveLedger::Open(const TableSet& set, const Clock& clock) {
  std::unique_ptr<LiveLedger> ledger(new LiveLedger(set, clock));
  RTL_CHECK(ledger->Read());
  return ledger;
}

namespace {

bool IsLost(const Error& error) {
  return error.kind() == ErrorKind::kNotFound || error.kind() == ErrorKind::kBadData;
}

// Gives each active file to a ledger; shared ones are kept back until they have been indexed.
class FilesOf final : public delta::ReplaySink {
 public:
  Wants wants() const override { return {.stats = true, .tags = true, .tombstones = false}; }
  void Restart() override {
    own_ = Ledger(delta::TableState());
    shared_.clear();
  }
  Result<> OnAdd(delta::Add&& add) override {
    if (ParseTags(add.tags)) {
      own_.TakeFile(add, {});
    } else {
      shared_.push_back(std::move(add));
    }
    return {};
  }
  Ledger& own() { return own_; }
  const std::vector<delta::Add>& shared() const { return shared_; }

 private:
  Ledger own_{delta::TableState()};
  std::vector<delta::Add> shared_;
};

}  // namespace

// Another program may replace the files while they are read: then the snapshot is read anew.
Result<> LiveLedger::Read() {
  constexpr int kAttempts = 10;
  for (int attempt = 1;; ++attempt) {
    auto read = ReadOnce(attempt == kAttempts);
    if (read || attempt == kAttempts || read.error().kind() != ErrorKind::kNotFound) return read;
  }
}

Result<> LiveLedger::ReadOnce(bool tolerates_lost) {
  const Timestamp now = clock_.Now();
  // file_records first: what they absorb after this look is also in the log that is read next.
  const delta::Table& records = *set_.Find(Role::kFileRecords);
  RTL_TRY(const delta::TableState records_state, records.Load());
  auto read = ReadRecords(records, records_state);
  if (!read) {
    return Fail(
        Error(ErrorKind::kBadData, read.error().message())
            .Wrap(fmt::format(
                "{} cannot be read (remove its folder, and the next sync makes it anew from the ledger)",
                records.Uri())));
  }
  std::vector<LedgerEntry> last = std::move(*read);
  FilesOf files;
  RTL_TRY(delta::TableState state, set_.snapshot.Scan(std::nullopt, files, true));
  const auto txn = records_state.txns.find(DerivedAppId(state.metadata));
  const Version absorbed = txn == records_state.txns.end() ? -1 : txn->second.version;
  RTL_CHECK(CheckLoadable(Role::kSnapshot, state.protocol, state.metadata));
  RTL_TRY(auto columns, ColumnsOf(set_, state));
  const Version version = state.version;
  if (absorbed > version) {
    return Fail(
        ErrorKind::kBadData,
        fmt::format(
            "{} ends at version {}, but file_records have absorbed version {}: the snapshot was set back, or "
            "has lost commits. Restore all tables as of one moment, or load into a new tables root",
            set_.snapshot.Uri(), version, absorbed));
  }
  std::vector<LostFile> lost;
  RTL_TRY(const FileIndexes indexes, ReadIndexes(state, files.shared(), &lost));
  if (!lost.empty() && !tolerates_lost) return Fail(ErrorKind::kNotFound, lost.front().why);
  Ledger ledger = std::move(files.own());
  ledger.SetState(std::move(state));
  for (const delta::Add& add : files.shared()) ledger.TakeFile(add, indexes);
  ledger.TakeRecords(std::move(last), absorbed);
  std::optional<Error> unfolded;
  const auto read_on = set_.snapshot.ForEachCommit(absorbed + 1, version, [&](const delta::Commit& commit) {
    auto folded = ledger.Fold(commit);
    if (!folded) unfolded = folded.error();
    return folded;
  });
  if (unfolded) return Fail(*unfolded);
  if (!read_on) {
    return Fail(Error(ErrorKind::kBadData, read_on.error().message())
                    .Wrap(fmt::format(
                        "{}: the ledger after version {}, which file_records have absorbed, cannot be read",
                        set_.snapshot.Uri(), absorbed)));
  }
  const std::lock_guard lock(mutex_);
  ledger_ = std::make_unique<Ledger>(std::move(ledger));
  columns_ = std::move(columns);
  lost_ = std::move(lost);
  read_at_ = now;
  return {};
}

Result<FileIndexes> LiveLedger::ReadIndexes(const delta::TableState& state,
                                            const std::vector<delta::Add>& adds,
                                            std::vector<LostFile>* lost) const {
  FileIndexes indexes;
  constexpr std::size_t kAtOnce = 4;
  std::deque<std::pair<const delta::Add*, std::future<Result<FileIndex>>>> reading;
  for (std::size_t next = 0; next < adds.size() || !reading.empty();) {
    while (next < adds.size() && reading.size() < kAtOnce) {
      const delta::Add& add = adds[next++];
      const auto policy = adds.size() > 1 ? std::launch::async : std::launch::deferred;
      reading.emplace_back(&add,
                           std::async(policy, [&] { return ReadFileIndex(set_.snapshot, state, add); }));
    }
    auto [add, future] = std::move(reading.front());
    reading.pop_front();
    auto index = future.get();
    if (!index && lost != nullptr && IsLost(index.error())) {
      lost->push_back({*add, index.error().message()});
      continue;
    }
    if (!index) return Fail(index.error().Wrap(fmt::format("{}: whose rows it holds", set_.snapshot.Uri())));
    indexes.emplace(delta::LogicalFileKey(*add), std::move(*index));
  }
  return indexes;
}

// Indexes of the files without tags that commits leave behind.
Result<FileIndexes> LiveLedger::IndexesFor(const std::vector<delta::Commit>& commits) const {
  std::map<std::string, const delta::Add*> left;
  for (const delta::Commit& commit : commits) {
    for (const delta::Action& action : commit.actions) {
      if (const auto* remove = std::get_if<delta::Remove>(&action))
        left.erase(delta::LogicalFileKey(*remove));
    }
    for (const delta::Action& action : commit.actions) {
      const auto* add = std::get_if<delta::Add>(&action);
      if (add != nullptr && !ParseTags(add->tags)) left.insert_or_assign(delta::LogicalFileKey(*add), add);
    }
  }
  if (left.empty()) return FileIndexes();
  delta::TableState state;
  {
    const std::lock_guard lock(mutex_);
    state.version = ledger_->version();
    state.protocol = ledger_->state().protocol;
    state.metadata = ledger_->state().metadata;
  }
  for (const delta::Commit& commit : commits) {
    for (const delta::Action& action : commit.actions) {
      if (const auto* protocol = std::get_if<delta::Protocol>(&action)) state.protocol = *protocol;
      if (const auto* metadata = std::get_if<delta::Metadata>(&action)) state.metadata = *metadata;
    }
  }
  std::vector<delta::Add> adds;
  adds.reserve(left.size());
  for (const auto& [key, add] : left) adds.push_back(*add);
  return ReadIndexes(state, adds, nullptr);
}

LiveLedger::View LiveLedger::Look(std::string_view source_file) const {
  const std::lock_guard lock(mutex_);
  return {ledger_->Account(source_file), ledger_->version(), ledger_->known_since()};
}

Version LiveLedger::version() const {
  const std::lock_guard lock(mutex_);
  return ledger_->version();
}

delta::Protocol LiveLedger::protocol() const {
  const std::lock_guard lock(mutex_);
  return ledger_->state().protocol;
}

delta::Metadata LiveLedger::metadata() const {
  const std::lock_guard lock(mutex_);
  return ledger_->state().metadata;
}

std::vector<LostFile> LiveLedger::Lost() const {
  const std::lock_guard lock(mutex_);
  std::vector<LostFile> still;
  std::ranges::copy_if(lost_, std::back_inserter(still), [&](const LostFile& file) {
    const auto active = ledger_->state().files.Find(file.add.path);
    return active && delta::LogicalFileKey(*active) == delta::LogicalFileKey(file.add);
  });
  return still;
}

Result<> LiveLedger::CheckNothingLost() const {
  const std::vector<LostFile> lost = Lost();
  if (lost.empty()) return {};
  return Fail(
      ErrorKind::kBadData,
      fmt::format("{}: data file {} cannot be read, so whose rows it held is not known ({}){}. Restore it, "
                  "or let `rtloader verify --repair` take it out and load its source files again",
                  set_.snapshot.Uri(), lost.front().add.path, lost.front().why,
                  lost.size() > 1 ? fmt::format(", and so it is with {} more", lost.size() - 1) : ""));
}

bool LiveLedger::packed() const {
  return Inspect([](const Ledger& ledger) {
    return LayoutOf(ledger.state().metadata) == Layout::kPacked &&
           MayWriteDeletionVectors(ledger.state().protocol, ledger.state().metadata);
  });
}

std::shared_ptr<const FileColumns> LiveLedger::columns() const {
  const std::lock_guard lock(mutex_);
  return columns_;
}

Result<> LiveLedger::NoteColumns(const delta::Commit& commit) {
  const bool may_differ = std::ranges::any_of(commit.actions, [](const delta::Action& action) {
    return std::holds_alternative<delta::Protocol>(action) || std::holds_alternative<delta::Metadata>(action);
  });
  if (!may_differ) return {};
  RTL_TRY(columns_, ColumnsOf(set_, ledger_->state()));
  return {};
}

Result<> LiveLedger::Refresh() {
  const std::lock_guard advancing(advance_mutex_);
  constexpr int kAttempts = 10;
  for (int attempt = 1;; ++attempt) {
    auto refreshed = RefreshOnce();
    // A file went away before it was indexed: a newer commit tells why.
    if (refreshed || attempt == kAttempts || refreshed.error().kind() != ErrorKind::kNotFound)
      return refreshed;
  }
}

Result<> LiveLedger::RefreshOnce() {
  const Timestamp now = clock_.Now();
  auto commits = set_.snapshot.CommitsAfter(version());
  if (!commits && commits.error().kind() == ErrorKind::kNotFound) return Read();
  if (!commits) return Fail(commits.error());
  RTL_TRY(const FileIndexes indexes, IndexesFor(*commits));
  const std::lock_guard lock(mutex_);
  for (const delta::Commit& commit : *commits) {
    delta::Protocol protocol = ledger_->state().protocol;
    delta::Metadata metadata = ledger_->state().metadata;
    for (const delta::Action& action : commit.actions) {
      if (const auto* changed = std::get_if<delta::Protocol>(&action)) protocol = *changed;
      if (const auto* changed = std::get_if<delta::Metadata>(&action)) metadata = *changed;
    }
    // Before it is taken up: a table that must not be written stays refused.
    if (const auto loadable = CheckLoadable(Role::kSnapshot, protocol, metadata); !loadable) {
      return Fail(loadable.error().Wrap(set_.snapshot.Uri()));
    }
    RTL_CHECK(ledger_->Apply(commit, indexes));
    RTL_CHECK(NoteColumns(commit));
  }
  read_at_ = now;
  return {};
}

Result<> LiveLedger::Apply(const delta::Commit& own, const FileIndexes& indexes) {
  const std::lock_guard advancing(advance_mutex_);
  const std::lock_guard lock(mutex_);
  if (own.version <= ledger_->version()) return {};
  RTL_CHECK(ledger_->Apply(own, indexes));
  own_version_ = own.version;
  own_txn_id_ = delta::TxnIdOf(own.actions);
  RTL_CHECK(NoteColumns(own));
  read_at_ = clock_.Now();
  return {};
}

Timestamp LiveLedger::read_at() const {
  const std::lock_guard lock(mutex_);
  return read_at_;
}

Result<> LiveLedger::WriteChecksum() {
  delta::VersionChecksum checksum;
  Version version = -1;
  {
    const std::lock_guard lock(mutex_);
    version = ledger_->version();
    if (version != own_version_ || version == checksummed_) return {};
    const delta::TableState& state = ledger_->state();
    const delta::FileTotals totals{.files = static_cast<std::int64_t>(state.files.size()),
                                   .bytes = state.files.data_bytes()};
    checksum = delta::ChecksumOf(state, totals, own_txn_id_);
    checksummed_ = version;
  }
  return delta::PutChecksum(set_.snapshot, version, checksum);
}

}  // namespace rtl::load
