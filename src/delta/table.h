// One Delta table in an object store: read its state, commit to it, checkpoint it. Knows nothing of the
// loader.
//
// Protocol sections followed: "Delta Log Entries", "Checkpoints", "Last Checkpoint File", "Action
// Reconciliation", "Table Features", "Requirements for Writers/Readers". A protocol that asks for what is not
// known here is kUnsupported and names the feature; a log that contradicts the protocol is kBadData and names
// the file.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "delta/actions.h"
#include "delta/active_files.h"
#include "store/object_store.h"

namespace rtl::delta {

// The table as of one version, after action reconciliation. A value: copy it, or keep one and advance it.
struct TableState {
  Version version = -1;
  Protocol protocol;
  Metadata metadata;
  ActiveFiles files;
  std::map<std::string, Txn> txns;                // by app id
  std::map<std::string, DomainMetadata> domains;  // by name; without removed ones
  // Of this version, where delta.enableInCommitTimestamps is on; milliseconds (protocol: "In-Commit
  // Timestamps").
  std::optional<std::int64_t> in_commit_timestamp_ms;
};

// Takes what a replay of the log finds, each logical file once, in no order that means anything.
class ReplaySink {
 public:
  struct Wants {  // what need not be read is not
    bool stats = true;
    bool tags = true;
    bool tombstones = false;
    bool files = true;  // false: those of commits may be given all the same
  };

  virtual ~ReplaySink() = default;
  virtual Wants wants() const { return {}; }
  // What was given so far is void: a checkpoint turned out to be damaged, and the replay begins anew.
  virtual void Restart() = 0;
  virtual Result<> OnAdd(Add&& add) = 0;  // an active file; an error ends the replay and is returned
  virtual Result<> OnTombstone(Remove&& /*remove*/) { return {}; }  // also those that have expired
};

// Asks for no file: for the protocol, the metadata, transactions and domains alone.
class WithoutFiles final : public ReplaySink {
 public:
  Wants wants() const override {
    return {.stats = false, .tags = false, .tombstones = false, .files = false};
  }
  void Restart() override {}
  Result<> OnAdd(Add&& /*add*/) override { return {}; }
};

struct Commit {
  Version version = -1;
  Timestamp modified_at;        // of the log file
  std::vector<Action> actions;  // in file order
};

// What became of an attempt to write version N. Values, not errors: each has its own way on.
enum class PutOutcome {
  kCommitted,   // N.json holds our bytes
  kConflicted,  // N.json holds another writer's bytes
  kUnknown,     // neither is certain: SettleUnknown() finds out
};

class Table {
 public:
  // `store` must outlive the table; `path` is the table's folder in it, "" or without a final '/'.
  // `clock` stamps and ages tombstones. One thread at a time.
  Table(store::ObjectStore& store, std::string path, const Clock& clock = SystemClock());

  // The newest state, or the state at `version`. kNotFound when there is no table.
  Result<TableState> Load(std::optional<Version> version = std::nullopt,
                          FileDetail detail = FileDetail::kFull) const;

  // As Load, and each active file is given to `sink` as well, in full. With `keep_files` false the state
  // returned has none: memory then does not grow with the table.
  Result<TableState> Scan(std::optional<Version> version, ReplaySink& sink, bool keep_files = false) const;

  // The newest version that is not later than `at` (to the millisecond): by the timestamps in the commits
  // where the table has them, else by those of the commits' files (protocol: "In-Commit Timestamps"). A time
  // after the newest version gives that one. kNotFound when all that can be read is later. One listing of the
  // log, and with timestamps in commits one get for each time the number of commits can be halved.
  Result<Version> VersionAt(Timestamp at) const;

  // Writes the checksum file of the version just committed (protocol: "Version Checksum File"). `state` is
  // the table as of that version, with its files. Not for a version that another may have committed: the txn
  // id is that of its commit. One that is there already stays as it is.
  Result<> WriteChecksum(const TableState& state, std::string_view txn_id) const;

  // Commits after `after`, in order, contiguous; empty when there are none. One list request (from the next
  // commit's name on) and one get each. kNotFound when commit after+1 is gone though later ones exist (log
  // clean-up).
  Result<std::vector<Commit>> CommitsAfter(Version after) const;

  Result<Commit> ReadCommit(Version version) const;  // kNotFound when absent

  // Commits first..last in order, each given to `take`; from a remote store several are fetched at once. Ends
  // with the first error, of reading (kNotFound: which one is absent) or of `take`.
  Result<> ForEachCommit(Version first, Version last, const std::function<Result<>(Commit)>& take) const;

  // The same from the newest down.
  Result<> ForEachCommitDown(Version last, Version first, const std::function<Result<>(Commit)>& take) const;

  // Writes `actions` as version `version`, put-if-absent. `actions` must hold a CommitInfo whose JSON has a
  // txnId that no other attempt ever used: it is how SettleUnknown recognises our bytes. Errors are those
  // before anything was sent (kUnavailable, kPermissionDenied, ...): certainly nothing was written.
  Result<PutOutcome> PutCommit(Version version, std::span<const Action> actions) const;

  // After kUnknown: reads the commit back. kCommitted or kConflicted, or kUnknown when the version is absent
  // (the same bytes may then be put again while the state is young; design 6.5).
  Result<PutOutcome> SettleUnknown(Version version, std::span<const Action> actions) const;

  // Writes a checkpoint of `version` and the hint _last_checkpoint: a classic one (protocol: "V1 Spec"), or
  // one with sidecars (protocol: "V2 Spec") where the table has feature v2Checkpoint and its property
  // delta.checkpointPolicy is "v2"; of the latter only what changed since the last one is written. Reads the
  // log to do so, and holds no state. Safe at any time, by several writers at once; failing leaves the table
  // as it was, but for sidecars that nothing refers to.
  Result<> WriteCheckpoint(Version version) const;

  // Proves that the store honours put-if-absent: of two conditional puts of one new key the second must say
  // kExists. kUnsupported otherwise. Leaves nothing behind.
  Result<> ProbePutIfAbsent() const;

  store::ObjectStore& store() const { return *store_; }
  const std::string& path() const { return path_; }
  const Clock& clock() const { return *clock_; }
  std::string DataKey(std::string_view data_path) const;  // store key of a file named by an action
  // The same where the path may be absolute. kUnsupported, naming the path, when it lies in another store.
  Result<std::string> KeyOf(std::string_view data_path) const;
  std::string Uri() const;  // for messages

 private:
  store::ObjectStore* store_;
  std::string path_;
  const Clock* clock_;
};

// Applies one commit to the state (protocol: "Action Reconciliation"). `commit.version` must be state.version
// + 1. An error leaves the state as it was.
Result<> Advance(TableState& state, const Commit& commit);

// The bytes of a commit file: one action a line, commitInfo first.
std::string ToCommitBytes(std::span<const Action> actions);
Result<std::vector<Action>> ParseCommitBytes(std::string_view bytes);
// Those of a log compaction (protocol: "Log Compaction Files").
Result<std::vector<Action>> ParseCompactionBytes(std::string_view bytes);

// kUnsupported, naming the feature, unless this library can read / write tables of that protocol.
Result<> CheckReadable(const Protocol& protocol, const Metadata& metadata);
Result<> CheckWritable(const Protocol& protocol, const Metadata& metadata);

}  // namespace rtl::delta
