// Replaying a log into the state it describes (protocol: "Action Reconciliation"). A load reads the log from
// its newest end: the first action met for a logical file, an app id, a domain, the protocol or the metadata
// is the one that holds, so nothing is kept but what has been met.
#pragma once

#include <functional>
#include <string>
#include <unordered_set>

#include "delta/table.h"

namespace rtl::delta {

// Tells logical files apart: the data file's FileKey, and its deletion vector's id where it has one.
std::string LogicalFileKey(const Add& add);
std::string LogicalFileKey(const Remove& remove);

class Replay {
 public:
  // `sink` must outlive the replay.
  Replay(Version version, ReplaySink& sink) : sink_(&sink) { state_.version = version; }

  // The next older commit, or what was made of several (protocol: "Log Compaction Files"), its actions
  // consistent. Errors are the sink's.
  Result<> Apply(std::vector<Action>&& actions);
  // An action of a checkpoint, which lies before all commits applied. Row by row; any order. kBadData for a
  // second protocol or metadata, or a second action of an app id or a domain.
  Result<> ApplyCheckpointed(Action&& action);

  // kBadData naming the action that is missing, kUnsupported as CheckReadable.
  Result<TableState> Finish() &&;

 private:
  Result<> Take(Action&& action, bool keep_key);
  Result<> CheckUnique(const Action& checkpointed);
  Result<> TakeFile(Add&& add, bool keep_key);
  Result<> TakeFile(Remove&& remove, bool keep_key);

  TableState state_;  // without files: those go to the sink
  ReplaySink* sink_;
  bool has_newest_ = false;  // a commit
  bool has_protocol_ = false;
  bool has_metadata_ = false;
  std::unordered_set<std::string> seen_;          // logical files met in commits
  std::unordered_set<std::string> checkpointed_;  // keys of a checkpoint's actions that are no files
};

// kBadData when a file of that path is active already: two logical files of one data file cannot be.
Result<> InsertActive(ActiveFiles& files, const Add& add);

}  // namespace rtl::delta
