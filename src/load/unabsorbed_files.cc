#include "load/unabsorbed_files.h"

#include <utility>

#include "load/ledger.h"

namespace rtl::load {
namespace {

// Without files; nullopt when there is no such table.
Result<std::optional<delta::TableState>> StateOf(const delta::Table& table) {
  delta::WithoutFiles sink;
  auto state = table.Scan(std::nullopt, sink);
  if (state) return std::optional(std::move(*state));
  if (state.error().kind() == ErrorKind::kNotFound) return std::optional<delta::TableState>();
  return Fail(state.error());
}

Version AbsorbedBy(const delta::TableState& state, const delta::Metadata& snapshot) {
  const auto txn = state.txns.find(DerivedAppId(snapshot));
  return txn == state.txns.end() ? -1 : txn->second.version;
}

}  // namespace

Result<> UnabsorbedFiles::Begin(std::vector<std::string>& paths) {
  const delta::Table* table = set_.Find(role_);
  none_ = table == nullptr || (role_ != Role::kRaw && role_ != Role::kQuarantine);
  if (none_) return {};
  // The derived table first: what it absorbs after this look is read all the same.
  RTL_TRY(const auto derived, StateOf(*table));
  RTL_TRY(const auto snapshot, StateOf(set_.snapshot));
  none_ = !derived || !snapshot;
  if (none_) return {};
  read_ = AbsorbedBy(*derived, snapshot->metadata);
  return set_.snapshot.ForEachCommit(read_ + 1, snapshot->version,
                                     [&](const delta::Commit& commit) { return Take(commit, paths); });
}

Result<> UnabsorbedFiles::Take(const delta::Commit& commit, std::vector<std::string>& paths) {
  RTL_TRY(const std::vector<LedgerEntry> entries, EntriesOf(commit));
  for (const LedgerEntry& entry : entries) {
    if (role_ == Role::kRaw) {
      paths.insert(paths.end(), entry.raw_paths.begin(), entry.raw_paths.end());
    } else {
      for (const DataFile& file : entry.quarantine_files) paths.push_back(file.path);
    }
  }
  read_ = commit.version;
  return {};
}

Result<std::vector<std::string>> UnabsorbedFiles::Next() {
  std::vector<std::string> paths;
  if (!begun_) {
    RTL_CHECK(Begin(paths));
    begun_ = true;
    return paths;
  }
  if (none_) return paths;
  RTL_TRY(const auto commits, set_.snapshot.CommitsAfter(read_));
  for (const delta::Commit& commit : commits) RTL_CHECK(Take(commit, paths));
  return paths;
}

Result<Absorbed> AbsorbedByAll(const TableSet& set, const delta::TableState& snapshot) {
  Absorbed lowest{snapshot.version, set.snapshot.path()};
  for (const RoleTable& derived : set.derived) {
    const bool needs_all = derived.role == Role::kFileRecords || derived.role == Role::kFileLog;
    RTL_TRY(const auto state, StateOf(derived.table));
    if (!state && !needs_all) continue;
    const Version version = state ? AbsorbedBy(*state, snapshot.metadata) : -1;
    if (version < lowest.version) lowest = Absorbed{version, derived.table.path()};
  }
  return lowest;
}

}  // namespace rtl::load
