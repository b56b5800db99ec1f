// The ledger of a running loader: shared by the threads that plan and load, advanced by the one that commits.
// Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "load/file_columns.h"
#include "load/ledger.h"
#include "load/table_set.h"

namespace rtl::load {

// A data file of several keys' rows that is gone or damaged: whose rows it held cannot be known.
struct LostFile {
  delta::Add add;
  std::string why;
};

class LiveLedger {
 public:
  // Reads the snapshot and file_records, and the ledger after what file_records have absorbed. Lost files are
  // no error here.
  static Result<std::unique_ptr<LiveLedger>> Open(const TableSet& set, const Clock& clock);

  struct View {
    KeyAccount account;
    Version version = -1;
    Version known_since = -1;
  };
  View Look(std::string_view source_file) const;

  Version version() const;
  delta::Protocol protocol() const;
  delta::Metadata metadata() const;
  std::shared_ptr<const FileColumns> columns() const;  // of the snapshot
  bool packed() const;                                 // whether small files' rows go into shared files

  // Of the table as it was last read whole, and still in it. Nothing may be loaded while there are any: rows
  // that they hold, should they come back, would stand there twice.
  std::vector<LostFile> Lost() const;
  Result<> CheckNothingLost() const;  // kBadData, which says what to do

  // Runs `use(ledger)` under the lock: keep it short.
  template <typename Use>
  auto With(const Use& use) {
    const std::lock_guard lock(mutex_);
    return use(*ledger_);
  }
  // The same for what only reads.
  template <typename Use>
  auto Inspect(const Use& use) const {
    const std::lock_guard lock(mutex_);
    return use(std::as_const(*ledger_));
  }

  // Takes up what others committed; a log that can no longer be followed is read anew.
  Result<> Refresh();
  // Takes up our own commit; a Refresh() on another thread may have been first.
  // `indexes`: of the shared files that it adds.
  Result<> Apply(const delta::Commit& own, const FileIndexes& indexes);
  // Writes the checksum of the newest version, where that is a commit of this loader's and has none yet.
  Result<> WriteChecksum();
  Timestamp read_at() const;  // when the state was last known to be the newest

 private:
  LiveLedger(const TableSet& set, const Clock& clock) : set_(set), clock_(clock) {}
  Result<> Read();
  Result<> ReadOnce(bool tolerates_lost);
  Result<> RefreshOnce();
  Result<> NoteColumns(const delta::Commit& commit);  // mutex_ is held
  // With `lost` files that cannot be read are noted there, and are nobody's; else they are an error.
  Result<FileIndexes> ReadIndexes(const delta::TableState& state, const std::vector<delta::Add>& adds,
                                  std::vector<LostFile>* lost) const;
  Result<FileIndexes> IndexesFor(const std::vector<delta::Commit>& commits) const;

  const TableSet& set_;
  const Clock& clock_;
  std::mutex
      advance_mutex_;  // held while the ledger is moved on, reading the log included; taken before mutex_
  mutable std::mutex mutex_;
  std::unique_ptr<Ledger> ledger_;
  std::shared_ptr<const FileColumns> columns_;
  std::vector<LostFile> lost_;
  Version own_version_ = -1;  // of our newest commit, and its txnId
  std::string own_txn_id_;
  Version checksummed_ = -1;
  Timestamp read_at_;
};

}  // namespace rtl::load
