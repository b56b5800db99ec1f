// The snapshot's log folded into what is known of every key: the loader's only memory, rebuilt from the
// tables at start.
//
// Not for several threads at once; the engine guards it. Values returned are copies.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "delta/table.h"
#include "load/decisions.h"
#include "load/ledger_entry.h"

namespace rtl::load {

class Ledger {
 public:
  // `state`: the snapshot at its newest version. `records`: last entries from file_records, as of snapshot
  // version `absorbed`. Commits after `absorbed` up to state.version must be given to Fold() next, in order,
  // without gap. kBadData, naming the file, when an active add is not ours.
  static Result<Ledger> Start(delta::TableState state, std::vector<LedgerEntry> records, Version absorbed);
  Result<> Fold(const delta::Commit& commit);  // entries of a commit that `state` already holds

  // A commit after version(): advances the state and the entries.
  Result<> Apply(const delta::Commit& commit);

  Version version() const { return state_.version; }
  // Entries of every commit after this one are known with their version.
  Version known_since() const { return known_since_; }
  const delta::TableState& state() const { return state_; }

  KeyAccount Account(std::string_view source_file) const;

  // A pass over the source marks what it sees; what is known but unmarked is gone from the listing.
  void BeginPass() { ++pass_; }
  enum class Mark { kFirst, kAgain };
  Mark MarkSeen(std::string_view source_file);  // kAgain: this pass has marked it before
  bool Seen(std::string_view source_file) const;

  struct KnownFile {
    std::string source_file;
    std::string key;  // of the object, "" when only rows without an entry are known
  };
  using Chosen = std::function<bool(std::string_view source_file)>;
  // Live files that the pass did not see and that no entry after version `base` tells of.
  std::vector<KnownFile> Unseen(const Chosen& chosen, Version base) const;
  std::int64_t live_files(const Chosen& chosen) const;  // known and not deleted
  std::vector<LedgerEntry> Problems() const;  // last entries that are held or failed, by source_file

  template <typename Visit>  // visit(source_file, const LedgerEntry*, row count of the files)
  void ForEach(const Visit& visit) const {
    for (const auto& [source_file, known] : keys_) {
      visit(source_file, known.has_last ? &known.last : nullptr, !known.paths.empty());
    }
  }

 private:
  struct Known {
    LedgerEntry last;  // without raw_paths and quarantine_files
    bool has_last = false;
    Version last_at = -1;
    std::uint32_t seen = 0;
    std::vector<std::string> paths;
  };

  explicit Ledger(delta::TableState state) : state_(std::move(state)) {}
  Result<> TakeEntries(const delta::Commit& commit);
  static bool Live(const Known& known);
  Known& Of(std::string_view source_file);

  delta::TableState state_;
  Version known_since_ = -1;
  std::uint32_t pass_ = 1;  // what no pass has marked is unseen, also in a ledger read anew during one
  std::unordered_map<std::string, Known> keys_;
};

// For Chosen: no file is left out.
inline bool EveryFile(std::string_view /*source_file*/) {
  return true;
}

// Entries of a commit and the version that brought them.
Result<std::vector<LedgerEntry>> EntriesOf(const delta::Commit& commit);

}  // namespace rtl::load
