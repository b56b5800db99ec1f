// Which sidecars of checkpoints nobody needs any more (protocol: "Metadata Cleanup").
#pragma once

#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "delta/table.h"

namespace rtl::delta {

// Those that no checkpoint of version `from` or later refers to. What is less than a day old at the midnight
// before `now` stays: its checkpoint may be about to be written. kBadData, naming the file, when a checkpoint
// cannot be read: what it refers to is not known then.
Result<std::vector<store::ObjectInfo>> UnusedSidecars(const Table& table, Version from, Timestamp now);

}  // namespace rtl::delta
