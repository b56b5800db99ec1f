// The snapshot's log folded into what is known of every key: the loader's only memory, rebuilt from the
// tables at start. Some 250 bytes a key.
//
// Not for several threads at once; the engine guards it. Values returned are copies.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "delta/table.h"
#include "load/decisions.h"
#include "load/file_index.h"
#include "load/known_key.h"
#include "load/ledger_entry.h"

namespace rtl::load {

// Indexes of shared files by delta::LogicalFileKey: read before their adds are applied.
using FileIndexes = std::map<std::string, FileIndex>;

class Ledger {
 public:
  // A state to be filled: each active add is given to TakeFile(), then the last entries from file_records to
  // TakeRecords(), then the commits after what these have absorbed to Fold(), in order, without gap.
  explicit Ledger(delta::TableState state) : state_(std::move(state)) {}
  void SetState(delta::TableState state) { state_ = std::move(state); }
  void TakeFile(const delta::Add& add, const FileIndexes& indexes);
  void TakeRecords(std::vector<LedgerEntry> records, Version absorbed);
  Result<> Fold(const delta::Commit& commit);  // entries of a commit that `state` already holds

  // A commit after version(): advances the state and the entries. A shared file without an index counts as
  // nobody's: right only where a later commit of the same refresh takes it away again.
  Result<> Apply(const delta::Commit& commit, const FileIndexes& indexes);

  Version version() const { return state_.version; }
  // Entries of every commit after this one are known with their version.
  Version known_since() const { return known_since_; }
  const delta::TableState& state() const { return state_; }

  KeyAccount Account(std::string_view source_file) const;

  // A file that several keys share, with its whole add.
  struct Shared {
    delta::Add add;
    std::int64_t rows = 0;  // live ones
  };
  const Shared* FindShared(std::string_view path) const;  // null when it is no shared file
  // Who has rows in it, as it stands.
  FileIndex IndexOf(std::string_view path) const;
  template <typename Visit>  // visit(const Shared&)
  void ForEachShared(const Visit& visit) const {
    for (const auto& [path, number] : shared_by_path_) visit(shared_.at(number));
  }

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
  std::size_t MemoryBytes() const;            // about; of keys and files

  template <typename Visit>  // visit(source_file)
  void ForEachKey(const Visit& visit) const {
    for (const auto& [source_file, known] : keys_) visit(source_file);
  }

  template <typename Visit>  // visit(source_file, const LedgerEntry*, whether it has rows)
  void ForEach(const Visit& visit) const {
    for (const auto& [source_file, known] : keys_) {
      const KnownKey unpacked = Unpack(source_file, known.packed);
      visit(source_file, unpacked.last ? &*unpacked.last : nullptr,
            !unpacked.own.empty() || !unpacked.shared.empty());
    }
  }

 private:
  struct Known {
    std::string packed;  // KnownKey
    Version last_at = -1;
    std::uint32_t seen = 0;
    bool live = false;
  };
  struct SharedFile : Shared {
    std::vector<std::string> keys;  // of its members, each once
  };

  void TakeEntries(std::vector<LedgerEntry> entries, Version version);
  template <typename Change>  // change(KnownKey&)
  void Update(const std::string& source_file, const Change& change);
  void AddFile(const delta::Add& add, const FileIndexes& indexes);
  void DropFile(const delta::Remove& remove);  // of a logical file that was active
  void DropShared(std::uint32_t number);
  bool DropOwn(const std::string& source_file, std::string_view path);
  void DropOwnOfUnknownKey(std::string_view path);

  delta::TableState state_;
  Version known_since_ = -1;
  std::uint32_t pass_ = 1;  // what no pass has marked is unseen, also in a ledger read anew during one
  std::unordered_map<std::string, Known> keys_;
  std::unordered_map<std::uint32_t, SharedFile> shared_;
  std::map<std::string, std::uint32_t, std::less<>> shared_by_path_;
  std::uint32_t next_shared_ = 1;
  // Keys by what names of their files begin with; made when a foreign remove does not tell the key, and void
  // as soon as a key is added.
  std::unordered_multimap<std::uint32_t, const std::string*> by_prefix_;
};

// For Chosen: no file is left out.
inline bool EveryFile(std::string_view /*source_file*/) {
  return true;
}

// Entries of a commit and the version that brought them.
Result<std::vector<LedgerEntry>> EntriesOf(const delta::Commit& commit);

}  // namespace rtl::load
