#include "load/decisions.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "delta/reconcile.h"
#include "load/known_key.h"

namespace rtl::load {
namespace {

bool KeepsOldRows(EntryOutcome outcome) {
  return outcome == EntryOutcome::kHeld || outcome == EntryOutcome::kFailed;
}

bool IsTaken(const LedgerEntry& entry) {
  return entry.outcome == EntryOutcome::kLoaded || entry.outcome == EntryOutcome::kUnchanged;
}

// The same bytes under another identity, where the bytes gave no rows to retag (an empty file, say).
bool SameWithoutRows(const KeyAccount& account, const ReadOutcome& read) {
  if (!account.last || !account.files.empty() || !read.adds.empty()) return false;
  const LedgerEntry& last = *account.last;
  return IsTaken(last) && Explains(account) && read.entry.outcome == EntryOutcome::kLoaded &&
         read.entry.row_count == 0 && last.hash == read.entry.hash;
}

// What must be the same when a change made earlier is committed: the logical file, or where its rows lie in a
// shared one, whose vector may change for other keys' sake.
std::string PlaceOf(const OwnedFile& file) {
  if (!file.part) return delta::LogicalFileKey(file.add);
  std::string place = file.add.path;
  for (const RowRange& range : *file.part) place += fmt::format("\n{}+{}", range.first, range.count);
  return place;
}

// Takes a file's rows out of the table.
void TakeOut(const OwnedFile& file, Timestamp now, KeyChange& change) {
  if (file.part) {
    change.strikes.push_back({file.add.path, *file.part});
  } else {
    change.removes.push_back(delta::RemoveOf(file.add, MillisSinceEpoch(now), true));
  }
}

// Whether the rows that are there can be those of this entry: of its version, and as many.
bool RowsAreOf(const KeyAccount& account, const LedgerEntry& entry) {
  std::int64_t rows = 0;
  bool all_told = true;
  for (const OwnedFile& file : account.files) {
    // A snapshot that was set back has rows of an older version than the entry tells.
    if (file.file_version != entry.file_version) return false;
    all_told = all_told && file.rows;
    rows += file.rows.value_or(0);
  }
  if (all_told) return rows == entry.row_count;
  // Files of before 0.2 tell how many they are instead of each one's rows.
  return std::ranges::all_of(account.files, [&](const OwnedFile& file) {
    return !file.tag || file.tag->files == static_cast<std::int64_t>(account.files.size());
  });
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
    case EntryOutcome::kUnchanged:
      return has_rows == (last.row_count > 0) && (!has_rows || RowsAreOf(account, last));
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
  // Another program may have written any number into the column.
  return highest == std::numeric_limits<std::int64_t>::max() ? highest : highest + 1;
}

std::optional<FileTag> RowsTag(const KeyAccount& account) {
  const bool shared = std::ranges::any_of(account.files, [](const OwnedFile& file) { return !file.tag; });
  if (shared) {
    if (!account.last || !IsTaken(*account.last) || !account.last->hash || !Explains(account))
      return std::nullopt;
    return TagOf(*account.last, account.files.size());
  }
  std::optional<FileTag> tag;
  std::int64_t rows = 0;
  for (const OwnedFile& file : account.files) {
    FileTag told = *file.tag;
    told.file_rows = -1;
    if (tag && *tag != told) return std::nullopt;
    tag = told;
    rows += file.rows.value_or(0);
  }
  if (!tag || tag->files != static_cast<std::int64_t>(account.files.size()))
    return std::nullopt;  // some are lost
  const bool all_told =
      std::ranges::all_of(account.files, [](const OwnedFile& file) { return file.rows.has_value(); });
  if (all_told && rows != tag->rows) return std::nullopt;
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
  for (const OwnedFile& file : account.files) change.seen.push_back(PlaceOf(file));

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
      for (const OwnedFile& file : account.files) TakeOut(file, now, change);
      change.adds = read.adds;
      for (std::size_t i = 0; i < change.adds.size(); ++i) {
        FileTag tag = TagOf(entry, change.adds.size());
        tag.file_rows = i < read.file_rows.size() ? read.file_rows[i] : -1;
        change.adds[i].tags = ToTags(tag);
      }
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
      for (const OwnedFile& file : account.files) TakeOut(file, now, change);
      break;
    case EntryOutcome::kUnchanged: {
      const std::optional<FileTag> tag = RowsTag(account);
      entry.file_version = tag ? tag->file_version : 0;
      entry.row_count = tag ? tag->rows : 0;
      entry.rejected_count = tag ? tag->rejected : 0;
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
  std::multiset<std::string> seen(change.seen.begin(), change.seen.end());
  for (const OwnedFile& file : now.files) {
    const auto place = seen.find(PlaceOf(file));
    if (place == seen.end()) return false;  // rows we do not know of
    seen.erase(place);
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
