// Which files a condition on rows leaves out without opening them (protocol: "Per-file Statistics",
// "Partition Value Serialization").
#pragma once

#include "core/error.h"
#include "delta/actions.h"
#include "delta/predicate.h"
#include "delta/time_zone.h"

namespace rtl::delta {

// False only when certainly no row of the file makes the predicate true. Statistics that are absent, or are
// not what the protocol says, leave no file out. kBadData, naming the file, for a partition value that is
// none.
Result<bool> MayHaveRows(const Predicate& predicate, const Add& add, const TimeZone& partition_zone = {});

}  // namespace rtl::delta
