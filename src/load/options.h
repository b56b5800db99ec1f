// What the loader is told. Defaults are those of rtloader.toml (docs/configuration.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "decode/columns.h"
#include "delta/checkpoint_policy.h"
#include "load/run_info.h"

namespace rtl::load {

struct TableNames {
  std::string snapshot = "customer_data_snapshot";
  std::string raw = "customer_data_raw";
  std::string file_records = "file_records";
  std::string file_log = "file_log";
  std::string quarantine = "quarantine";
};

// How the snapshot's rows lie in data files.
enum class Layout : std::uint8_t {
  kPerFile,  // each key has files of its own
  kPacked,   // small files' rows share data files, and are struck out by deletion vectors
};

struct Guard {
  bool allow_empty = true;    // false: an empty file is held instead of taken as zero rows
  double max_rejected = 0.5;  // a file with a larger share of bad lines is held
  double max_deleted =
      0.5;  // a listing in which a larger share of the known files is gone deletes nothing ...
  std::int64_t max_deleted_min = 10;  // ... when at least this many are gone
  bool allow_mass_delete = false;
};

// [maintenance]: what is done for the tables beside loading. An interval of zero means never.
struct MaintenanceOptions {
  bool enabled = true;   // watch: on a thread of its own
  bool on_sync = false;  // once at the end of each sync
  std::chrono::milliseconds optimize_interval{3600 * 1000};
  std::chrono::milliseconds vacuum_interval{24 * 3600 * 1000};
  std::chrono::milliseconds log_interval{24 * 3600 * 1000};
  // What is younger stays. A table's own property counts where it asks for longer.
  std::chrono::milliseconds retention = std::chrono::days(7);       // of files that are no longer needed
  std::chrono::milliseconds log_retention = std::chrono::days(30);  // of commits
  int small_files = 100;                  // so many in a derived table are packed into larger ones ...
  std::int64_t target_bytes = 128 << 20;  // ... of that size
};

struct Options {
  std::string source_uri;  // stands in the tables' properties; another source is refused
  std::string
      source_pattern;  // regular expression on the key below the prefix, one capture; empty: the key itself
  TableNames tables;
  // snapshot.layout: of a snapshot that is made; one that exists keeps its own until convert-layout changes
  // it.
  Layout layout = Layout::kPerFile;
  // snapshot.checkpoint_policy: of a snapshot that is made; one that exists keeps its own until `rtloader
  // checkpoint --policy` changes it.
  delta::CheckpointPolicy checkpoint_policy = delta::CheckpointPolicy::kClassic;
  bool raw = true;
  bool quarantine = true;
  std::vector<decode::Column> pinned_columns;        // rows.schema
  int max_columns = 1000;                            // rows.max_columns
  std::int64_t max_line_bytes = 64 << 20;            // rows.max_line_bytes
  std::int64_t max_decompressed_bytes = 64LL << 30;  // rows.max_decompressed_bytes
  Guard guard;
  std::int64_t memory_bytes = 512 << 20;  // load.memory: bound of what files being loaded hold
  int threads = 0;                        // load.threads; 0: one per core
  // load.concurrency: files under way at once; 0: four a thread, and 96 where a store is remote.
  int concurrency = 0;
  // source.history = "all": every version of a versioned bucket is loaded, not the latest alone.
  bool all_versions = false;
  std::function<RunInfo()> run_info;  // asked at each commit; may be empty
  int shards = 1;  // source.shards: loaders that share the source by a hash of the source_file ...
  int shard = 0;   // source.shard: ... and which of them this one is, from 0
  bool single_threaded = false;   // all on the caller's thread, so that runs repeat exactly: for tests
  int commit_max_files = 5000;    // commit.max_files
  int checkpoint_interval = 100;  // commit.checkpoint_interval: commits between checkpoints
  MaintenanceOptions maintenance;
  std::chrono::milliseconds list_interval{30'000};   // watch.list_interval
  std::chrono::milliseconds derive_interval{2'000};  // watch.derive_interval
  std::chrono::milliseconds max_derivation_lag{24 * 3600 * 1000};
};

// Whether a file is this loader's among those that share the source.
bool InShard(const Options& options, std::string_view source_file);

}  // namespace rtl::load
