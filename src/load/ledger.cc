#include "load/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/hash.h"
#include "delta/reconcile.h"

namespace rtl::load {
namespace {

std::uint32_t PrefixOf(std::string_view source_file) {
  return static_cast<std::uint32_t>(HashKey(source_file) >> 32);
}

// What the name of a file of ours begins with; nullopt for other names.
std::optional<std::uint32_t> PrefixOfPath(std::string_view path) {
  constexpr std::size_t kDigits = 8;
  if (path.size() <= kDigits || path[kDigits] != '-') return std::nullopt;
  std::uint32_t prefix = 0;
  const std::string digits(path.substr(0, kDigits));
  const auto [end, error] = std::from_chars(digits.c_str(), digits.c_str() + kDigits, prefix, 16);
  if (error != std::errc() || end != digits.c_str() + kDigits) return std::nullopt;
  return prefix;
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

template <typename Change>
void Ledger::Update(const std::string& source_file, const Change& change) {
  const auto [it, is_new] = keys_.try_emplace(source_file);
  if (is_new) by_prefix_.clear();
  Known& known = it->second;
  KnownKey key = is_new || known.packed.empty() ? KnownKey() : Unpack(source_file, known.packed);
  change(key);
  known.packed = Pack(source_file, key);
  // Rows of others that name no key of ours are not ours to delete.
  const bool ours = std::ranges::any_of(key.shared, [&](const SharedRows& rows) {
    const auto file = shared_.find(rows.file);
    return key.last || (file != shared_.end() && IsPacked(file->second.add));
  });
  known.live = ours || !key.own.empty() || (key.last && key.last->outcome != EntryOutcome::kDeleted);
}

void Ledger::TakeFile(const delta::Add& add, const FileIndexes& indexes) {
  AddFile(add, indexes);
}

void Ledger::TakeRecords(std::vector<LedgerEntry> records, Version absorbed) {
  known_since_ = absorbed;
  for (LedgerEntry& record : records) {
    const std::string source_file = record.source_file;
    Update(source_file, [&](KnownKey& key) { key.last = std::move(record); });
    keys_.at(source_file).last_at = absorbed;
  }
}

Result<> Ledger::Fold(const delta::Commit& commit) {
  RTL_TRY(std::vector<LedgerEntry> entries, EntriesOf(commit));
  TakeEntries(std::move(entries), commit.version);
  return {};
}

Result<> Ledger::Apply(const delta::Commit& commit, const FileIndexes& indexes) {
  // Whatever cannot be taken must leave everything as it was: the next refresh meets it again.
  RTL_TRY(std::vector<LedgerEntry> entries, EntriesOf(commit));
  std::vector<const delta::Remove*> removed;
  for (const delta::Action& action : commit.actions) {
    const auto* remove = std::get_if<delta::Remove>(&action);
    if (remove == nullptr) continue;
    const auto active = state_.files.Find(remove->path);
    if (active && delta::LogicalFileKey(*active) == delta::LogicalFileKey(*remove)) removed.push_back(remove);
  }
  RTL_CHECK(delta::Advance(state_, commit));
  for (const delta::Remove* remove : removed) DropFile(*remove);
  for (const delta::Action& action : commit.actions) {
    if (const auto* add = std::get_if<delta::Add>(&action)) AddFile(*add, indexes);
  }
  TakeEntries(std::move(entries), commit.version);
  return {};
}

void Ledger::AddFile(const delta::Add& add, const FileIndexes& indexes) {
  // A file may be told again, by a retag or a RESTORE.
  if (const auto known = shared_by_path_.find(add.path); known != shared_by_path_.end()) {
    DropShared(known->second);
  }
  if (auto tag = ParseTags(add.tags)) {
    const std::string source_file = tag->source_file;
    Update(source_file, [&](KnownKey& key) {
      std::erase_if(key.own, [&](const OwnFile& file) { return file.path == add.path; });
      key.own.push_back({add.path, std::move(*tag)});
    });
    return;
  }
  const std::uint32_t number = next_shared_++;
  SharedFile& file = shared_[number];
  file.add = add;
  shared_by_path_.insert_or_assign(add.path, number);
  const auto index = indexes.find(delta::LogicalFileKey(add));
  if (index == indexes.end()) return;
  file.rows = index->second.rows;
  for (const FileIndex::Member& member : index->second.members) {
    if (file.keys.empty() || file.keys.back() != member.source_file) file.keys.push_back(member.source_file);
    Update(member.source_file,
           [&](KnownKey& key) { key.shared.push_back({number, member.file_version, member.ranges}); });
  }
}

void Ledger::DropFile(const delta::Remove& remove) {
  if (const auto known = shared_by_path_.find(remove.path); known != shared_by_path_.end()) {
    DropShared(known->second);
    return;
  }
  const auto tag = ParseTags(remove.tags);
  if (tag && DropOwn(tag->source_file, remove.path)) return;
  DropOwnOfUnknownKey(remove.path);
}

void Ledger::DropShared(std::uint32_t number) {
  const auto it = shared_.find(number);
  const SharedFile file = std::move(it->second);
  shared_.erase(it);
  shared_by_path_.erase(file.add.path);
  for (const std::string& source_file : file.keys) {
    Update(source_file, [&](KnownKey& key) {
      std::erase_if(key.shared, [&](const SharedRows& rows) { return rows.file == number; });
    });
  }
}

bool Ledger::DropOwn(const std::string& source_file, std::string_view path) {
  if (!keys_.contains(source_file)) return false;
  bool found = false;
  Update(source_file, [&](KnownKey& key) {
    found = std::erase_if(key.own, [&](const OwnFile& file) { return file.path == path; }) > 0;
  });
  return found;
}

// Another program's remove, which need not repeat our tags.
void Ledger::DropOwnOfUnknownKey(std::string_view path) {
  const auto prefix = PrefixOfPath(path);
  if (prefix) {
    if (by_prefix_.empty()) {
      for (const auto& [source_file, known] : keys_) by_prefix_.emplace(PrefixOf(source_file), &source_file);
    }
    const auto [begin, end] = by_prefix_.equal_range(*prefix);
    std::vector<std::string> candidates;
    for (auto it = begin; it != end; ++it) candidates.push_back(*it->second);
    for (const std::string& source_file : candidates) {
      if (DropOwn(source_file, path)) return;
    }
  }
  // A name that we never gave: nobody's, unless tags were copied to it.
  std::vector<std::string> owners;
  for (const auto& [source_file, known] : keys_) {
    const KnownKey key = Unpack(source_file, known.packed);
    if (std::ranges::any_of(key.own, [&](const OwnFile& file) { return file.path == path; })) {
      owners.push_back(source_file);
    }
  }
  for (const std::string& source_file : owners) DropOwn(source_file, path);
}

void Ledger::TakeEntries(std::vector<LedgerEntry> entries, Version version) {
  for (LedgerEntry& entry : entries) {
    const std::string source_file = entry.source_file;
    entry.raw_paths.clear();
    entry.quarantine_files.clear();
    Update(source_file, [&](KnownKey& key) { key.last = std::move(entry); });
    keys_.at(source_file).last_at = version;
  }
}

KeyAccount Ledger::Account(std::string_view source_file) const {
  KeyAccount account;
  const auto it = keys_.find(std::string(source_file));
  if (it == keys_.end() || it->second.packed.empty()) return account;
  KnownKey known = Unpack(source_file, it->second.packed);
  account.last = std::move(known.last);
  account.last_at = it->second.last_at;
  for (OwnFile& own : known.own) {
    OwnedFile file;
    file.add = state_.files.Find(own.path).value_or(delta::Add{});
    file.file_version = own.tag.file_version;
    if (own.tag.file_rows >= 0) {
      file.rows = own.tag.file_rows - (file.add.deletion_vector ? file.add.deletion_vector->cardinality : 0);
    }
    file.tag = std::move(own.tag);
    account.files.push_back(std::move(file));
  }
  for (SharedRows& shared : known.shared) {
    OwnedFile file;
    file.add = shared_.at(shared.file).add;
    file.add.stats.clear();
    file.file_version = shared.file_version;
    file.rows = RowsIn(shared.ranges);
    file.part = std::move(shared.ranges);
    account.files.push_back(std::move(file));
  }
  return account;
}

const Ledger::Shared* Ledger::FindShared(std::string_view path) const {
  const auto it = shared_by_path_.find(path);
  return it == shared_by_path_.end() ? nullptr : &shared_.at(it->second);
}

FileIndex Ledger::IndexOf(std::string_view path) const {
  FileIndex index;
  const auto it = shared_by_path_.find(path);
  if (it == shared_by_path_.end()) return index;
  const SharedFile& file = shared_.at(it->second);
  index.rows = file.rows;
  for (const std::string& source_file : file.keys) {
    for (SharedRows& rows : Unpack(source_file, keys_.at(source_file).packed).shared) {
      if (rows.file == it->second)
        index.members.push_back({source_file, rows.file_version, std::move(rows.ranges)});
    }
  }
  return index;
}

Ledger::Mark Ledger::MarkSeen(std::string_view source_file) {
  const auto [it, is_new] = keys_.try_emplace(std::string(source_file));
  if (is_new) {
    by_prefix_.clear();
    it->second.packed = Pack(source_file, {});
  }
  if (it->second.seen == pass_) return Mark::kAgain;
  it->second.seen = pass_;
  return Mark::kFirst;
}

bool Ledger::Seen(std::string_view source_file) const {
  const auto it = keys_.find(std::string(source_file));
  return it != keys_.end() && it->second.seen == pass_;
}

std::vector<Ledger::KnownFile> Ledger::Unseen(const Chosen& chosen, Version base) const {
  std::vector<KnownFile> unseen;
  for (const auto& [source_file, known] : keys_) {
    if (known.seen == pass_ || known.last_at > base || !known.live || !chosen(source_file)) continue;
    const KnownKey key = Unpack(source_file, known.packed);
    unseen.push_back({source_file, key.last ? key.last->key : std::string()});
  }
  return unseen;
}

std::int64_t Ledger::live_files(const Chosen& chosen) const {
  return std::ranges::count_if(keys_,
                               [&](const auto& item) { return item.second.live && chosen(item.first); });
}

std::vector<LedgerEntry> Ledger::Problems() const {
  std::vector<LedgerEntry> problems;
  ForEach([&](const std::string&, const LedgerEntry* last, bool) {
    if (last == nullptr) return;
    if (last->outcome == EntryOutcome::kHeld || last->outcome == EntryOutcome::kFailed)
      problems.push_back(*last);
  });
  std::ranges::sort(problems, {}, &LedgerEntry::source_file);
  return problems;
}

std::size_t Ledger::MemoryBytes() const {
  constexpr std::size_t kNode = sizeof(std::pair<const std::string, Known>) + 3 * sizeof(void*);
  std::size_t bytes = state_.files.MemoryBytes() + keys_.size() * kNode;
  for (const auto& [source_file, known] : keys_) bytes += source_file.capacity() + known.packed.capacity();
  return bytes;
}

}  // namespace rtl::load
