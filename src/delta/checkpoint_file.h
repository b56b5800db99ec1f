// Reading one file of a checkpoint in bounded memory.
#pragma once

#include "core/error.h"
#include "delta/checkpoint_batch.h"
#include "delta/table.h"
#include "store/object_store.h"

namespace rtl::delta {

enum class CheckpointPart {
  kTopLevel,  // every action there is
  kSidecar,   // file actions alone (protocol: "Sidecar Files")
};

// Gives the file's rows to `take`, some thousands at a time. Reads of file actions no more than `wants` asks
// for. kBadData when the file is damaged, kNotFound or kConflict when it went away or was replaced meanwhile,
// wrapped with its key. Threads: any, each with a file of its own.
Result<> ReadParquetCheckpoint(store::ObjectStore& store, const store::ObjectInfo& info, CheckpointPart part,
                               ReplaySink::Wants wants, const TakeCheckpointBatch& take);

// The same of a file in JSON, one action a line (protocol: "UUID-named checkpoint").
Result<> ReadJsonCheckpoint(store::ObjectStore& store, const store::ObjectInfo& info, ReplaySink::Wants wants,
                            const TakeCheckpointBatch& take);

}  // namespace rtl::delta
