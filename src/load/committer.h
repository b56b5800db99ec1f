// Turns loaded files into snapshot commits, several files each (group commit). One thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "load/decisions.h"
#include "load/live_ledger.h"
#include "load/load_file.h"
#include "load/options.h"
#include "load/packed_file.h"
#include "load/table_set.h"

namespace rtl::load {

class ChangeRows;

// A file that is ready to be committed.
struct LoadedFile {
  std::string source_file;
  std::string key;
  std::string refused;  // as in the task it came from
  bool repair = false;  // as in the task
  int attempt = 0;
  Version base = -1;
  FileLoad load;
};

class Committer {
 public:
  Committer(const TableSet& set, LiveLedger& ledger, const Options& options, const Clock& clock)
      : set_(set), ledger_(ledger), options_(options), clock_(clock) {}

  struct Outcome {
    Version version = -1;  // of the commit; -1 when there was nothing to write
    std::vector<LedgerEntry> committed;
    std::vector<LoadedFile> plan_again;     // touched by others since their base: HEAD, then load or nothing
    std::vector<LoadedFile> nothing_to_do;  // the outcome repeats the last entry
  };

  // Commits what it can of `files` in one commit. Errors stop the loader; on kCommitUnknown nothing is
  // cleaned up.
  Result<Outcome> Commit(std::vector<LoadedFile> files);

 private:
  struct Change {
    LoadedFile file;
    KeyChange change;
  };
  // False: the ledger has moved on from version `on`, for which the actions were made.
  Result<bool> PrepareOn(Version on, std::vector<delta::Action>& actions);
  void PrepareAll(std::vector<LoadedFile> files, std::vector<Change>& changes, Outcome& outcome);
  void KeepWhatHolds(std::vector<Change>& changes, Outcome& outcome);
  // The commit on the ledger's state as it is now.
  struct Prepared {
    std::vector<delta::Action> actions;  // empty when there is nothing to write
    FileIndexes indexes;                 // of the shared files among its adds
  };
  Result<Prepared> MakeActions(std::vector<Change>& changes, Outcome& outcome);
  Result<> PackRows(std::vector<Change>& changes);
  Result<> TellChanges(const std::vector<Change>& changes, ChangeRows& rows,
                       std::vector<delta::Action>& actions) const;

  const TableSet& set_;
  LiveLedger& ledger_;
  const Options& options_;
  const Clock& clock_;
  std::optional<PackedFile> packed_;                   // of the attempt before
  std::vector<std::string> packed_keys_;               // its members
  std::shared_ptr<const FileColumns> packed_columns_;  // for which it was encoded
};

}  // namespace rtl::load
