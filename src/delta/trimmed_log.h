// A table as it would be were its log to begin at a later version.
#pragma once

#include "core/error.h"
#include "delta/table.h"

namespace rtl::delta {

// Whether the table can be read at `version` with nothing in the log that is older: reads a checkpoint of
// that version whole. kBadData, naming the file, when it cannot.
Result<> IsReadableFrom(const Table& table, Version version);

}  // namespace rtl::delta
