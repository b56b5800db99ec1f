// Replaying commits into a state (protocol: "Action Reconciliation").
#pragma once

#include "delta/table.h"

namespace rtl::delta {

// A state under construction: it may still lack what a table must have.
struct Replay {
  TableState state;
  bool has_protocol = false;
  bool has_metadata = false;

  void Apply(Action&& action);     // of a commit or a checkpoint; the commit's version is set by the caller
  Result<> CheckComplete() const;  // kBadData naming the missing action, kUnsupported as CheckReadable
};

// Removes the tombstones that have expired by `now` (protocol: "Add File and Remove File").
void DropExpiredTombstones(TableState& state, Timestamp now);

}  // namespace rtl::delta
