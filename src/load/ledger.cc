#include "load/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace rtl::load {
namespace {

Result<FileTag> OwnTag(const delta::Add& add) {
  auto tag = ParseTags(add.tags);
  if (tag) return std::move(*tag);
  return Fail(
      ErrorKind::kBadData,
      fmt::format(
          "data file {} was not written by rtloader (its add has no rtloader tags): tables that others "
          "write to are not supported yet",
          add.path));
}

}  // namespace

Result<std::vector<LedgerEntry>> EntriesOf(const delta::Commit& commit) {
  std::vector<LedgerEntry> entries;
  for (const delta::Action& action : commit.actions) {
    const auto* info = std::get_if<delta::CommitInfo>(&action);
    if (info == nullptr) continue;
    auto parsed = ParseCommitInfo(info->json);
    if (!parsed) return Fail(parsed.error().Wrap(fmt::format("commit {}", commit.version)));
    entries.insert(entries.end(), std::make_move_iterator(parsed->begin()),
                   std::make_move_iterator(parsed->end()));
  }
  return entries;
}

Result<Ledger> Ledger::Start(delta::TableState state, std::vector<LedgerEntry> records, Version absorbed) {
  Ledger ledger(std::move(state));
  ledger.known_since_ = absorbed;
  for (LedgerEntry& record : records) {
    Known& known = ledger.Of(record.source_file);
    known.last = std::move(record);
    known.has_last = true;
    known.last_at = absorbed;
  }
  std::optional<Error> foreign;
  ledger.state_.files.ForEach([&](const delta::Add& add) {
    auto tag = OwnTag(add);
    if (tag) {
      ledger.Of(tag->source_file).paths.push_back(add.path);
    } else if (!foreign) {
      foreign = tag.error();
    }
  });
  if (foreign) return Fail(*foreign);
  return ledger;
}

Result<> Ledger::Fold(const delta::Commit& commit) {
  return TakeEntries(commit);
}

Result<> Ledger::Apply(const delta::Commit& commit) {
  for (const delta::Action& action : commit.actions) {
    if (const auto* remove = std::get_if<delta::Remove>(&action)) {
      const auto add = state_.files.Find(remove->path);
      if (!add) continue;
      RTL_TRY(const FileTag tag, OwnTag(*add));
      std::erase(Of(tag.source_file).paths, remove->path);
    } else if (const auto* add = std::get_if<delta::Add>(&action)) {
      RTL_TRY(const FileTag tag, OwnTag(*add));
      std::vector<std::string>& paths = Of(tag.source_file).paths;
      if (std::find(paths.begin(), paths.end(), add->path) == paths.end()) paths.push_back(add->path);
    }
  }
  RTL_CHECK(TakeEntries(commit));
  return delta::Advance(state_, commit);
}

Result<> Ledger::TakeEntries(const delta::Commit& commit) {
  RTL_TRY(std::vector<LedgerEntry> entries, EntriesOf(commit));
  for (LedgerEntry& entry : entries) {
    Known& known = Of(entry.source_file);
    entry.raw_paths.clear();
    entry.raw_paths.shrink_to_fit();
    entry.quarantine_files.clear();
    entry.quarantine_files.shrink_to_fit();
    known.last = std::move(entry);
    known.has_last = true;
    known.last_at = commit.version;
  }
  return {};
}

Ledger::Known& Ledger::Of(std::string_view source_file) {
  return keys_[std::string(source_file)];
}

KeyAccount Ledger::Account(std::string_view source_file) const {
  KeyAccount account;
  const auto it = keys_.find(std::string(source_file));
  if (it == keys_.end()) return account;
  const Known& known = it->second;
  if (known.has_last) account.last = known.last;
  account.last_at = known.last_at;
  for (const std::string& path : known.paths) {
    OwnedFile file;
    file.add = state_.files.Find(path).value_or(delta::Add{});
    file.tag = ParseTags(file.add.tags);
    if (file.tag) file.file_version = file.tag->file_version;
    account.files.push_back(std::move(file));
  }
  return account;
}

Ledger::Mark Ledger::MarkSeen(std::string_view source_file) {
  Known& known = Of(source_file);
  if (known.seen == pass_) return Mark::kAgain;
  known.seen = pass_;
  return Mark::kFirst;
}

bool Ledger::Seen(std::string_view source_file) const {
  const auto it = keys_.find(std::string(source_file));
  return it != keys_.end() && it->second.seen == pass_;
}

bool Ledger::Live(const Known& known) {
  return !known.paths.empty() || (known.has_last && known.last.outcome != EntryOutcome::kDeleted);
}

std::vector<Ledger::KnownFile> Ledger::Unseen(const Chosen& chosen, Version base) const {
  std::vector<KnownFile> unseen;
  for (const auto& [source_file, known] : keys_) {
    if (known.seen == pass_ || known.last_at > base || !Live(known) || !chosen(source_file)) continue;
    unseen.push_back({source_file, known.has_last ? known.last.key : std::string()});
  }
  return unseen;
}

std::int64_t Ledger::live_files(const Chosen& chosen) const {
  return std::count_if(keys_.begin(), keys_.end(),
                       [&](const auto& item) { return Live(item.second) && chosen(item.first); });
}

std::vector<LedgerEntry> Ledger::Problems() const {
  std::vector<LedgerEntry> problems;
  for (const auto& [source_file, known] : keys_) {
    if (!known.has_last) continue;
    if (known.last.outcome == EntryOutcome::kHeld || known.last.outcome == EntryOutcome::kFailed) {
      problems.push_back(known.last);
    }
  }
  std::sort(problems.begin(), problems.end(),
            [](const LedgerEntry& a, const LedgerEntry& b) { return a.source_file < b.source_file; });
  return problems;
}

}  // namespace rtl::load
