#include "load/decisions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace rtl::load {
namespace {

bool KeepsOldRows(EntryOutcome outcome) {
  return outcome == EntryOutcome::kHeld || outcome == EntryOutcome::kFailed;
}

// The same bytes under another identity, where the bytes gave no rows to retag (an empty file, say).
bool SameWithoutRows(const KeyAccount& account, const ReadOutcome& read) {
  if (!account.last || !account.files.empty() || !read.adds.empty()) return false;
  const LedgerEntry& last = *account.last;
  const bool taken = last.outcome == EntryOutcome::kLoaded || last.outcome == EntryOutcome::kUnchanged;
  return taken && Explains(account) && read.entry.outcome == EntryOutcome::kLoaded &&
         last.hash == read.entry.hash;
}

FileTag TagOf(const LedgerEntry& entry, std::size_t files) {
  FileTag tag;
  tag.source_file = entry.source_file;
  tag.identity = entry.version.Identity();
  tag.hash = entry.hash.value_or(ContentHash{});
  tag.size = entry.size;
  tag.file_version = entry.file_version;
  tag.rows = entry.row_count;
  tag.rejected = entry.rejected_count;
  tag.files = static_cast<std::int64_t>(files);
  return tag;
}

}  // namespace

Decision PlanKey(const KeyAccount& account, const std::optional<ObjectVersion>& head,
                 std::string_view settings) {
  const auto& last = account.last;
  if (!head) {
    const bool known = last && last->outcome != EntryOutcome::kDeleted;
    return known || !account.files.empty() ? Decision::kDelete : Decision::kNothing;
  }
  if (!last || last->version.Identity() != head->Identity()) return Decision::kLoad;
  if (!Explains(account)) return Decision::kLoad;
  if (KeepsOldRows(last->outcome) && (last->transient || last->settings != settings)) return Decision::kLoad;
  return Decision::kNothing;
}

bool Explains(const KeyAccount& account) {
  const LedgerEntry& last = *account.last;
  const bool has_rows = !account.files.empty();
  switch (last.outcome) {
    case EntryOutcome::kLoaded:
    case EntryOutcome::kUnchanged: {
      if (has_rows != (last.row_count > 0)) return false;
      // A snapshot that was set back has rows of an older version than the entry tells.
      for (const OwnedFile& file : account.files) {
        if (!file.tag) continue;
        if (file.tag->file_version != last.file_version) return false;
        if (file.tag->files != static_cast<std::int64_t>(account.files.size()))
          return false;  // rows are lost
      }
      return true;
    }
    case EntryOutcome::kDeleted:
      return !has_rows;
    case EntryOutcome::kHeld:
    case EntryOutcome::kFailed:
      return true;
  }
  return false;
}

std::int64_t NextFileVersion(const KeyAccount& account) {
  std::int64_t highest =
      account.last ? std::max(account.last->file_version, account.last->highest_version) : 0;
  for (const OwnedFile& file : account.files) highest = std::max(highest, file.file_version);
  return highest + 1;
}

std::optional<FileTag> RowsTag(const KeyAccount& account) {
  std::optional<FileTag> tag;
  for (const OwnedFile& file : account.files) {
    if (!file.tag || (tag && *tag != *file.tag)) return std::nullopt;
    tag = file.tag;
  }
  if (tag && tag->files != static_cast<std::int64_t>(account.files.size()))
    return std::nullopt;  // some are lost
  return tag;
}

void ApplyGuards(const Guard& guard, ReadOutcome& read) {
  LedgerEntry& entry = read.entry;
  if (entry.outcome != EntryOutcome::kLoaded) return;
  if (read.empty && !guard.allow_empty) {
    entry.error = "the file is empty and guard.allow_empty is false; its old rows stay";
  } else if (static_cast<double>(entry.rejected_count) >
             guard.max_rejected * static_cast<double>(read.lines)) {
    entry.error = fmt::format(
        "{} of {} lines are bad, more than guard.max_rejected = {} allows; its old rows stay, the bad lines "
        "are in quarantine",
        entry.rejected_count, read.lines, guard.max_rejected);
  } else {
    return;
  }
  entry.outcome = EntryOutcome::kHeld;
  entry.raw_paths.clear();
  read.adds.clear();
}

std::optional<KeyChange> Prepare(const KeyAccount& account, Version base, const ReadOutcome& read,
                                 Timestamp now) {
  KeyChange change;
  change.base = base;
  change.entry = read.entry;
  LedgerEntry& entry = change.entry;
  const auto& last = account.last;
  const bool same_outcome = last && last->outcome == entry.outcome && last->settings == entry.settings &&
                            last->transient == entry.transient;
  if (!read.repairs && same_outcome && last->version.Identity() == entry.version.Identity() &&
      Explains(account))
    return std::nullopt;
  for (const OwnedFile& file : account.files) change.seen.push_back(file.add.path);

  if (!read.repairs && SameWithoutRows(account, read)) {
    entry.outcome = EntryOutcome::kUnchanged;
    entry.file_version = last->file_version;
    entry.highest_version = last->highest_version;
    entry.raw_paths.clear();
    entry.quarantine_files.clear();  // they are there already
    return change;
  }
  const std::int64_t next = NextFileVersion(account);
  entry.highest_version = next - 1;
  switch (entry.outcome) {
    case EntryOutcome::kLoaded:
      if (read.repairs && last) {
        entry.file_version = last->file_version;
      } else {
        entry.file_version = entry.highest_version = next;
      }
      entry.replaced = !account.files.empty();
      for (const OwnedFile& file : account.files)
        change.removes.push_back(delta::RemoveOf(file.add, MillisSinceEpoch(now), true));
      change.adds = read.adds;
      for (delta::Add& add : change.adds) add.tags = ToTags(TagOf(entry, change.adds.size()));
      break;
    case EntryOutcome::kHeld:
      if (last && last->outcome == EntryOutcome::kHeld && last->hash == entry.hash &&
          last->settings == entry.settings) {
        entry.repeated = true;
        entry.file_version = last->file_version;
        entry.quarantine_files.clear();  // they are there already
      } else {
        entry.file_version = entry.highest_version = next;
      }
      break;
    case EntryOutcome::kFailed:
      entry.file_version = next - 1;
      break;
    case EntryOutcome::kDeleted:
      entry.file_version = next - 1;
      for (const OwnedFile& file : account.files)
        change.removes.push_back(delta::RemoveOf(file.add, MillisSinceEpoch(now), true));
      break;
    case EntryOutcome::kUnchanged: {
      const std::optional<FileTag> tag = RowsTag(account);
      entry.file_version = tag ? tag->file_version : 0;
      entry.row_count = tag ? tag->rows : 0;
      entry.rejected_count = tag ? tag->rejected : 0;
      for (const OwnedFile& file : account.files) {
        delta::Add add = file.add;
        add.data_change = false;
        add.tags = ToTags(TagOf(entry, account.files.size()));
        change.adds.push_back(std::move(add));
      }
      break;
    }
  }
  return change;
}

bool Touched(const KeyAccount& account, Version base, Version known_since) {
  return base < known_since || account.last_at > base;
}

bool StillHolds(const KeyChange& change, const KeyAccount& now, Version known_since) {
  if (Touched(now, change.base, known_since)) return false;
  std::set<std::string> seen(change.seen.begin(), change.seen.end());
  for (const OwnedFile& file : now.files) {
    if (seen.erase(file.add.path) == 0) return false;  // rows we do not know of
  }
  return seen.empty();  // else a file that we remove or retag is gone
}

AfterPut DecideAfterPut(delta::PutOutcome outcome) {
  switch (outcome) {
    case delta::PutOutcome::kCommitted:
      return AfterPut::kDone;
    case delta::PutOutcome::kConflicted:
      return AfterPut::kReadWinners;
    case delta::PutOutcome::kUnknown:
      return AfterPut::kReadBack;
  }
  return AfterPut::kReadBack;
}

AfterPut DecideAfterReadBack(delta::PutOutcome settled, std::chrono::milliseconds state_age) {
  if (settled != delta::PutOutcome::kUnknown) return DecideAfterPut(settled);
  return state_age < kMaxStateAge ? AfterPut::kPutAgain : AfterPut::kPlanAgain;
}

std::optional<DeriveRange> PlanDerive(Version absorbed, Version snapshot) {
  if (absorbed >= snapshot) return std::nullopt;
  return DeriveRange{absorbed, snapshot};
}

std::string DerivedAppId(const delta::Metadata& snapshot) {
  return "rtloader/" + snapshot.id;
}

std::string MassDeleteRefusal(const Guard& guard, std::int64_t gone, std::int64_t known) {
  if (guard.allow_mass_delete || gone < guard.max_deleted_min ||
      static_cast<double>(gone) <= guard.max_deleted * static_cast<double>(known)) {
    return {};
  }
  return fmt::format(
      "{} of {} known files are gone from the listing, more than guard.max_deleted = {} allows: nothing was "
      "deleted. Check "
      "the source's path and permissions; if they are really gone, run once with --allow-mass-delete",
      gone, known, guard.max_deleted);
}

}  // namespace rtl::load
