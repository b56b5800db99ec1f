// Reading whole checkpoints, whatever their spec and naming (protocol: "Checkpoint Specs", "Checkpoint Naming
// Scheme").
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "delta/log_listing.h"
#include "delta/reconcile.h"

namespace rtl::delta {

// Applies the checkpoint's actions to `replay`, in bounded memory. kBadData naming the file when it, or a
// sidecar, is damaged or contradicts the protocol; kNotFound or kConflict when one went away or was replaced
// meanwhile: then `replay` is in between and an older checkpoint may do.
Result<> ReadCheckpoint(store::ObjectStore& store, const CheckpointFiles& files, ReplaySink::Wants wants,
                        Replay& replay);

struct SidecarFile {
  std::string key;  // in the store
  Sidecar action;
};
// What a checkpoint's own files say; none of its sidecars is read.
struct CheckpointTop {
  std::map<std::string, std::string> tags;  // of its checkpointMetadata
  std::vector<SidecarFile> sidecars;
};
// Errors as above. With `replay` the actions of the checkpoint's own files are applied to it.
Result<CheckpointTop> ReadCheckpointTop(store::ObjectStore& store, const CheckpointFiles& files,
                                        ReplaySink::Wants wants, Replay* replay);

// The sidecars that a checkpoint refers to. Whoever cleans a log must leave them (protocol: "Metadata
// Cleanup"). Errors as above.
Result<std::vector<SidecarFile>> ReadSidecars(store::ObjectStore& store, const CheckpointFiles& files);

// Where the sidecar of that (decoded) path lies. Only a path into the table's own log is one (protocol:
// "Sidecar File Information"); of an absolute one nothing but the name counts, as a table may be moved.
Result<std::string> SidecarKey(std::string_view log, std::string_view path);

}  // namespace rtl::delta
