// Put a commit and find out what became of it (design: 6.5).
#pragma once

#include <span>

#include "core/error.h"
#include "core/time.h"
#include "delta/table.h"
#include "load/decisions.h"

namespace rtl::load {

// Puts `actions` as `version`; while the outcome is unknown reads it back, and puts the same bytes again
// while the state (read at `state_read_at`) is young. Returns kDone, kReadWinners or kPlanAgain.
// kCommitUnknown when the store cannot be read back within the budget: nothing may be cleaned up then.
Result<AfterPut> PutAndReadBack(const delta::Table& table, Version version,
                                std::span<const delta::Action> actions, Timestamp state_read_at,
                                const Clock& clock);

}  // namespace rtl::load
