// What lies in a table's _delta_log.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "delta/actions.h"
#include "store/object_store.h"

namespace rtl::delta {

struct CheckpointFiles {
  Version version = -1;
  std::vector<store::ObjectInfo> parts;  // in part order; one for a classic checkpoint
};

struct LogListing {
  std::map<Version, store::ObjectInfo> commits;
  std::vector<CheckpointFiles> checkpoints;  // complete ones, ascending; a classic one after parts
  bool has_uuid_checkpoint = false;          // protocol: "V2 Spec"

  Version Newest() const;  // -1 when there is neither commit nor checkpoint
};

// Files of version `from` and later. `log` is the folder's key with a final '/'.
Result<LogListing> ListLog(store::ObjectStore& store, std::string_view log, Version from);

// The version that _last_checkpoint names. Only a hint: absent when the file is absent or makes no sense.
Result<std::optional<Version>> ReadCheckpointHint(store::ObjectStore& store, std::string_view log);

}  // namespace rtl::delta
