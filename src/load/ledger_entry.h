// What the snapshot's log says of a file: the entries in commitInfo and the tags of its adds (design: "One
// ledger, derived tables"). Values, with their JSON.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/hash.h"
#include "core/time.h"
#include "flow/data_file.h"
#include "flow/object_version.h"
#include "load/run_info.h"

namespace rtl::load {

enum class EntryOutcome {
  kLoaded,     // its rows are the snapshot's; takes a file_version
  kUnchanged,  // a new object version with the bytes the rows came from; keeps the file_version
  kDeleted,    // the object is gone, and its rows with it; takes no file_version
  kHeld,    // a guard stopped it; the old rows stay; takes a file_version (its bad lines are in quarantine)
  kFailed,  // it could not be read; the old rows stay; takes no file_version
};

// "loaded", "unchanged", ...
std::string_view ToString(EntryOutcome outcome);

struct LedgerEntry {
  std::string source_file;  // the ledger's key
  std::string key;          // the object, below the source's root
  EntryOutcome outcome = EntryOutcome::kLoaded;
  ObjectVersion version;  // deleted: the delete marker's version_id, where one is known
  std::int64_t size = 0;  // bytes of the object
  Timestamp uploaded_at;
  std::optional<ContentHash> hash;  // of the object's bytes; absent when they were not read
  std::int64_t file_version = 0;    // 0: never had one
  std::int64_t highest_version =
      0;                       // ever given out for this file; above file_version after held, then unchanged
  bool replaced = false;       // loaded over rows of an older version
  bool repeated = false;       // held: the bytes of the last held version once more; keeps its file_version
  std::int64_t row_count = 0;  // held: good rows that were not taken over
  std::int64_t rejected_count = 0;
  std::int64_t duration_ms = 0;
  std::string error;       // held, failed: why. Else a note, such as keys that no pinned column takes
  bool transient = false;  // failed for a reason outside the file: tried again on every pass
  std::string settings;    // held, failed: fingerprint of the options that led to it; others are a new try
  Timestamp ingest_time;
  std::vector<std::string>
      raw_paths;  // data files of raw; the snapshot's add of that path has size and stats
  std::vector<DataFile> quarantine_files;
};

// Tags of a snapshot add: whose rows it holds, and of which version of the object.
struct FileTag {
  std::string source_file;
  std::string identity;  // ObjectVersion::Identity()
  ContentHash hash;
  std::int64_t size = 0;  // bytes of the object
  std::int64_t file_version = 0;
  std::int64_t rows = 0;        // of the whole object, which may lie in several files
  std::int64_t rejected = 0;    // lines of the object
  std::int64_t files = 1;       // that the object's rows lie in
  std::int64_t file_rows = -1;  // of this file; -1: not told, as before 0.2

  bool operator==(const FileTag&) const = default;
};

std::map<std::string, std::string> ToTags(const FileTag& tag);
std::optional<FileTag> ParseTags(const std::map<std::string, std::string>& tags);  // nullopt: not ours

// commitInfo of a ledger commit, whole: operation, metrics, txnId and the account of the batch.
std::string ToCommitInfo(std::span<const LedgerEntry> entries, std::string_view txn_id, Timestamp now,
                         const std::optional<RunInfo>& run = std::nullopt);

// The account in a commitInfo; empty for a commit that is not ours. kBadData when it is ours and cannot be
// read.
Result<std::vector<LedgerEntry>> ParseCommitInfo(std::string_view json);

}  // namespace rtl::load
