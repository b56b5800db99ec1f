// Reading classic and multi-part checkpoints (protocol: "V1 Spec", "Checkpoint Schema").
#pragma once

#include "core/error.h"
#include "delta/log_listing.h"
#include "delta/reconcile.h"

namespace rtl::delta {

// Applies the checkpoint's actions to `replay`, one row group at a time. kBadData naming the file when it is
// damaged, kNotFound or kConflict when it went away or was replaced meanwhile: then `replay` is in between
// and an older checkpoint may do.
Result<> ReadCheckpoint(store::ObjectStore& store, const CheckpointFiles& files, ReplaySink::Wants wants,
                        Replay& replay);

}  // namespace rtl::delta
