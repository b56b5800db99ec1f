// Which kind of checkpoint a table asks for (protocol: "V2 Checkpoint Table Feature").
#pragma once

#include <cstdint>

#include "core/error.h"
#include "delta/table.h"

namespace rtl::delta {

enum class CheckpointPolicy : std::uint8_t {
  kClassic,  // whole: readable by all
  kV2,       // with sidecars: only what changed is written anew; readers must know feature v2Checkpoint
};

CheckpointPolicy CheckpointPolicyOf(const Metadata& metadata);

// Makes a table's declaration ask for that kind. Going back leaves the feature: older checkpoints need it.
void SetCheckpointPolicy(CheckpointPolicy policy, Protocol& protocol, Metadata& metadata);

// The same in a commit on the newest version; false when the table asks for it already. Errors as of a
// commit; kConflict when other writers were always first.
Result<bool> ChangeCheckpointPolicy(const Table& table, CheckpointPolicy policy);

}  // namespace rtl::delta
