// Every decision of the commit protocol, as pure functions on values (design: "Commit and recovery", points 2
// to 9). The I/O code in this folder only calls them; interleaving_test.cc runs them through every
// interleaving of a small world.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "delta/actions.h"
#include "delta/table.h"
#include "load/file_index.h"
#include "load/ledger_entry.h"
#include "load/options.h"

namespace rtl::load {

using delta::Version;

// An active snapshot file that holds rows of a key.
struct OwnedFile {
  delta::Add add;                    // without statistics and tags
  std::optional<FileTag> tag;        // absent: the file is shared
  std::int64_t file_version = 0;     // from the tag, else from the rows
  std::optional<std::int64_t> rows;  // the key's live ones in it; absent: not told
  // Set: other keys' rows may lie in the file too (another program wrote it, or it is packed), and these are
  // the key's.
  std::optional<std::vector<RowRange>> part;
};

// All that the ledger says of one key, at one version of the snapshot.
struct KeyAccount {
  std::optional<LedgerEntry> last;  // the newest entry, with or without rows
  Version last_at =
      -1;  // snapshot version that brought it (or a bound from above, when it came from file_records)
  std::vector<OwnedFile> files;
};

// -------------------------------------------------------------------------------------------------------------
// plan

enum class Decision { kNothing, kLoad, kDelete };

// `head`: what the store says now; nullopt = 404. `settings`: fingerprint of the options in force.
Decision PlanKey(const KeyAccount& account, const std::optional<ObjectVersion>& head,
                 std::string_view settings);

// Whether the account's last entry (which it must have) accounts for the rows that are there, or are not, and
// for the version that their tags tell (point 3). Otherwise it is not believed.
bool Explains(const KeyAccount& account);

// 1 + the highest among the tags, the rows and what the last entry knows to have been given out (point 3).
std::int64_t NextFileVersion(const KeyAccount& account);

// The tag of the rows that are there, when all their files tell the same one and the rows are all there.
// Where a file is shared, the last entry tells it, as long as it is the one that the rows came from.
std::optional<FileTag> RowsTag(const KeyAccount& account);

// ----------------------------------------------------------------------------------------------------------
// prepare

// What reading one object version came to, before the guards.
struct ReadOutcome {
  LedgerEntry entry;             // outcome kLoaded, kDeleted, kFailed or kUnchanged; file_version not yet set
  std::vector<delta::Add> adds;  // data files already written, tags not yet set
  std::vector<std::int64_t> file_rows;  // of each of those
  std::int64_t lines = 0;               // rows + rejects, blank lines not counted
  bool empty = false;                   // the object has no bytes, or only blank lines
  // The rows of the ledger's last entry written anew, under its file_version; raw has them already.
  bool repairs = false;
};

// Held or not (point 9); the reason in entry.error.
void ApplyGuards(const Guard& guard, ReadOutcome& read);

// One key's part of a snapshot commit.
struct KeyChange {
  Version base = -1;  // the snapshot version known before the look that named the object's version
  LedgerEntry entry;
  std::vector<delta::Remove> removes;
  std::vector<delta::Add> adds;  // new files
  // Rows to be struck out of files that others share; what that takes depends on the other changes of the
  // commit.
  struct Strike {
    std::string path;
    std::vector<RowRange> ranges;
  };
  std::vector<Strike> strikes;
  std::vector<std::string> seen;  // where the account's rows lay when the change was made
};

// nullopt: nothing to write, since the outcome repeats the last entry. A kUnchanged read is only possible
// where RowsTag() gives the same hash; kInternal otherwise cannot happen: the caller decided it on the same
// account.
std::optional<KeyChange> Prepare(const KeyAccount& account, Version base, const ReadOutcome& read,
                                 Timestamp now);

// -----------------------------------------------------------------------------------------------------------
// commit

// Does a ledger entry for the key lie after `base`? Also true when that cannot be known: entries at or before
// `known_since` may have been missed (point 2).
bool Touched(const KeyAccount& account, Version base, Version known_since);

// Whether the change may still be committed as it is on a newer state; else the key is planned again (point
// 6).
bool StillHolds(const KeyChange& change, const KeyAccount& now, Version known_since);

enum class AfterPut {
  kDone,         // committed
  kReadWinners,  // another's commit stands there: refresh, keep what still holds, try the next version
  kReadBack,     // outcome unknown: look
  kPutAgain,     // absent and our state is young: the same bytes at the same version
  kPlanAgain,    // absent, but our state is old: refresh and plan every key anew
};

AfterPut DecideAfterPut(delta::PutOutcome outcome);
AfterPut DecideAfterReadBack(delta::PutOutcome settled, std::chrono::milliseconds state_age);

inline constexpr std::chrono::milliseconds kMaxStateAge{3600 * 1000};

// -----------------------------------------------------------------------------------------------------------
// derive

// Snapshot versions (after, upto] that a derived table still has to absorb; nullopt when none. `absorbed` is
// the version of its txn for this snapshot, -1 when it has none. After a conflict the caller reads the txn
// anew and asks again (point 6).
struct DeriveRange {
  Version after = -1;
  Version upto = -1;
};
std::optional<DeriveRange> PlanDerive(Version absorbed, Version snapshot);

std::string DerivedAppId(const delta::Metadata& snapshot);

// ------------------------------------------------------------------------------------------------------------
// guard

// Empty when the deletes may go on; else what to tell the user (point 9).
std::string MassDeleteRefusal(const Guard& guard, std::int64_t gone, std::int64_t known);

}  // namespace rtl::load
