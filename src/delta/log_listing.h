// What lies in a table's _delta_log.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "delta/actions.h"
#include "delta/log_names.h"
#include "store/object_store.h"

namespace rtl::delta {

struct CheckpointFiles {
  Version version = -1;
  LogFileKind kind = LogFileKind::kClassicCheckpoint;
  bool is_json = false;
  std::vector<store::ObjectInfo> parts;  // in part order; one unless in parts
};

struct CompactionFile {
  Version first = 0;
  Version last = 0;
  store::ObjectInfo info;
};

struct LogListing {
  std::map<Version, store::ObjectInfo> commits;
  std::vector<CheckpointFiles> checkpoints;  // complete ones, ascending; of one version the best one last
  std::vector<CompactionFile> compactions;   // by first version, then last
  std::map<Version, store::ObjectInfo> checksums;

  Version Newest() const;  // -1 when there is neither commit nor checkpoint
};

// Files of version `from` and later; none of a version after `to`, where that is given. `log` is the folder's
// key with a final '/'. A compaction counts as of its first version.
Result<LogListing> ListLog(store::ObjectStore& store, std::string_view log, Version from,
                           std::optional<Version> to = std::nullopt);

// The version that _last_checkpoint names. Only a hint: absent when the file is absent or makes no sense, or
// when its checksum is not that of its text (protocol: "JSON checksum").
Result<std::optional<Version>> ReadCheckpointHint(store::ObjectStore& store, std::string_view log);

}  // namespace rtl::delta
