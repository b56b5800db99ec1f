// Names in _delta_log (protocol: "File Types").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "delta/actions.h"

namespace rtl::delta {

enum class LogFileKind {
  kCommit,             // n.json
  kClassicCheckpoint,  // n.checkpoint.parquet
  kCheckpointPart,     // n.checkpoint.o.p.parquet
  kUuidCheckpoint,     // n.checkpoint.uuid.{json,parquet}
};

struct LogFileName {
  LogFileKind kind = LogFileKind::kCommit;
  Version version = 0;
  int part = 0;          // 1-based
  int parts = 0;         // 0 unless a part
  bool is_json = false;  // a UUID-named checkpoint in JSON, not Parquet
};

// Absent for whatever else lies there: checksums, compactions, hints, names that only look alike.
std::optional<LogFileName> ParseLogFileName(std::string_view name);

// The version that a name begins with: 20 digits and a '.', whatever follows. Also of checksums, and of a
// compaction the first one.
std::optional<Version> VersionOf(std::string_view name);

// x.y.compacted.json with x < y (protocol: "Log Compaction Files").
struct CompactionName {
  Version first = 0;
  Version last = 0;
};
std::optional<CompactionName> ParseCompactionName(std::string_view name);

// n.crc (protocol: "Version Checksum File").
std::optional<Version> ParseChecksumName(std::string_view name);

std::string CommitName(Version version);
std::string CheckpointName(Version version);
std::string UuidCheckpointName(Version version, std::string_view uuid);  // in Parquet
std::string ChecksumName(Version version);
std::string VersionPrefix(
    Version version);  // less than every name of this version, greater than those before

// Folder of the log in which sidecars lie (protocol: "Sidecar Files"), with a final '/'.
inline constexpr std::string_view kSidecarFolder = "_sidecars/";

}  // namespace rtl::delta
