// The rows of a Parquet checkpoint as actions (protocol: "Checkpoint Schema").
#pragma once

#include <arrow/type_fwd.h>

#include "core/error.h"
#include "delta/checkpoint_batch.h"

namespace rtl::delta {

// Appends what the batch holds. Columns that the batch lacks count as null; names and types not known here
// are passed over. kBadData when an action lacks what the protocol requires.
Result<> ReadCheckpointRows(const arrow::RecordBatch& rows, CheckpointBatch& out);

}  // namespace rtl::delta
