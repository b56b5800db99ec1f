// Some consecutive rows of a checkpoint's file.
#pragma once

#include <functional>
#include <vector>

#include "core/error.h"
#include "delta/actions.h"

namespace rtl::delta {

struct CheckpointBatch {
  std::vector<CheckpointMetadata> metadatas;
  std::vector<Sidecar> sidecars;
  std::vector<Action> actions;
};

// Takes batches; false: no more are wanted, and the reader returns without an error.
using TakeCheckpointBatch = std::function<bool(CheckpointBatch&&)>;

}  // namespace rtl::delta
