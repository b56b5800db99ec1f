// The loader: a source's files into a set of Delta tables. docs: ARCHITECTURE.md, "The life of a file".
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "load/options.h"
#include "store/object_store.h"

namespace rtl::load {

enum class Outcome { kLoaded, kReplaced, kDeleted, kUnchanged, kHeld, kFailed };
std::string_view ToString(Outcome outcome);  // "loaded", ...: also file_log.action

// What became of one file version.
struct FileReport {
  std::string source_file;
  Outcome outcome = Outcome::kLoaded;
  std::int64_t file_version = 0;
  std::int64_t bytes = 0;
  std::int64_t rows = 0;
  std::int64_t rejected = 0;
  std::int64_t blank_lines = 0;
  std::string error;  // why held or failed; also a note such as counted unknown keys
};

struct SyncReport {
  std::int64_t files_seen = 0;
  std::int64_t ignored = 0;  // names that begin with '.' or '_', or that source.pattern does not match
  std::int64_t loaded = 0, replaced = 0, deleted = 0, unchanged = 0, held = 0, failed = 0;
  std::int64_t up_to_date = 0;                     // nothing to do
  std::int64_t rows = 0, rejected = 0, bytes = 0;  // of the files handled in this run
  std::int64_t snapshot_version = -1;
  std::int64_t commits = 0;
  double seconds = 0;
  std::vector<FileReport>
      problems;                // held and failed now, new or still (from the ledger); each with its reason
  std::int64_t left_over = 0;  // to be done, but beyond the run's bounds (RunBounds)
  std::int64_t found_by_listing =
      0;  // watch: files that a listing after the first found, and no hint before it
  std::string
      refused_deletes;  // not empty: the mass-delete guard stopped deletes; says how many and what to do
  bool converged() const { return problems.empty() && refused_deletes.empty(); }
};

// How much one run takes on; what is more is left for the next one.
struct RunBounds {
  std::int64_t max_files = std::numeric_limits<std::int64_t>::max();
  std::int64_t max_bytes =
      std::numeric_limits<std::int64_t>::max();  // a single larger file is loaded all the same
};

// What became of keys that were loaded by name.
struct KeysReport {
  struct Key {
    std::string key;
    bool handled = false;  // committed, nothing to do, or recorded as held or as failed for good
    std::string problem;   // not handled, or held or failed: why
  };
  std::vector<Key> keys;  // as they were given
  SyncReport sync;
};

struct PlannedFile {
  std::string source_file;
  std::string action;  // "load", "replace", "delete", "failed"
  std::int64_t bytes = 0;
  std::string reason;  // for "failed"
};

struct PlanReport {
  std::vector<PlannedFile> files;  // only those with something to do, by source_file
  std::int64_t up_to_date = 0;
  std::int64_t bytes = 0;
  std::string refused_deletes;
};

struct Difference {
  std::string source_file;

  std::string
      what;  // "missing in the snapshot", "content differs", "rows: 95 in the file, 100 in the table", ...
  std::string key;  // of the object; empty when it is not about one object's rows
};

struct VerifyReport {
  std::int64_t files = 0;  // compared
  std::int64_t rows = 0;
  bool fast = false;
  std::int64_t snapshot_version = -1;
  std::vector<Difference> differences;
};

struct TableStatus {
  std::string name;
  std::int64_t version = -1;  // -1: does not exist
  std::int64_t files = 0;     // active data files
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  std::int64_t absorbed = -1;  // derived tables: snapshot version they stand at
  std::optional<Timestamp> last_commit_at;
};

struct StatusReport {
  std::string source_uri;
  std::vector<TableStatus> tables;   // snapshot first
  std::int64_t source_files = 0;     // known, not deleted
  std::int64_t derivation_lag = 0;   // snapshot commits not yet absorbed by every derived table
  std::vector<FileReport> problems;  // held or failed at the moment
  std::vector<RunInfo> runs;         // loaders that made the latest commits, the latest first
};

// Told of progress as it happens; called from the loader's threads, one call at a time. Must not block for
// long.
// What moving rows into other data files came to.
struct RepackReport {
  std::int64_t version = -1;  // of the commit; -1: there was nothing to do
  std::int64_t files_before = 0;
  std::int64_t files_after = 0;
  std::int64_t bytes_before = 0;
  std::int64_t bytes_after = 0;
  std::int64_t rows = 0;
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnPlanned(std::int64_t /*files*/, std::int64_t /*bytes*/) {}  // adds to what is to be done
  virtual void OnFileDone(const FileReport&) {}                              // loaded, not yet committed
  virtual void OnCommitted(std::int64_t /*snapshot_version*/, const std::vector<FileReport>&) {}
  virtual void OnNotice(const std::string&) {}  // a line for the log: something is not as it should be
  virtual void OnUpkeep(const std::string&) {}  // a line for the log: what maintenance has done
};

class Loader {
 public:
  // Opens the tables, or creates them when `create`; refuses (kBadConfig) tables of another source,
  // (kUnsupported) a store without put-if-absent or a table with features unknown here, (kBadData) a snapshot
  // file that is not ours. The stores, the observer and the clock must outlive the loader.
  static Result<std::unique_ptr<Loader>> Open(store::ObjectStore& source, store::ObjectStore& tables,
                                              Options options, Observer* observer, bool create,
                                              const Clock& clock = SystemClock());
  virtual ~Loader() = default;

  // Lists, loads what differs, commits, derives. Errors are those that stop everything; a file's own problem
  // is in the report. A stop ends it after the commit in flight, kCancelled.
  virtual Result<SyncReport> Sync(std::stop_token stop, const RunBounds& bounds = {}) = 0;

  // Follows the source until stopped; `hints` (keys that may have changed; empty key: list now) come from any
  // thread through Hint(). Returns after what was ready has been committed and derived.
  virtual Result<SyncReport> Watch(std::stop_token stop) = 0;
  // `done` is called once, from any thread, at the latest when Watch has returned: true when a look that
  // began after the hint came to its end (committed, nothing to do, recorded as held or failed), false when
  // it was given up. May be empty.
  using HintDone = std::function<void(bool handled)>;
  virtual void Hint(std::string key, HintDone done = {}) = 0;

  // Looks at these keys alone (each once), commits, derives: a run without a listing.
  virtual Result<KeysReport> LoadKeys(const std::vector<std::string>& keys, std::stop_token stop) = 0;

  // Loads exactly the files that Verify found to differ; where the object still is what was loaded, under the
  // same file_version and not a second time into raw.
  virtual Result<SyncReport> Repair(const VerifyReport& found, std::stop_token stop) = 0;

  // Gives the snapshot another layout, in one commit; no row changes. kConflict when another program rewrote
  // the same files meanwhile.
  virtual Result<RepackReport> ConvertLayout(Layout to, std::stop_token stop) = 0;
  // Writes packed files anew that are mostly struck out or small.
  virtual Result<RepackReport> Compact(std::stop_token stop) = 0;

  virtual Result<PlanReport> Plan() = 0;
  virtual Result<VerifyReport> Verify(bool fast, std::stop_token stop) = 0;
  virtual Result<StatusReport> Status() = 0;
};

}  // namespace rtl::load
