// Statistics of a file whose deletion vector changed (protocol: "Per-file Statistics").
#pragma once

#include <string>

#include "core/error.h"
#include "delta/table.h"

namespace rtl::delta {

// The add's statistics with "tightBounds": false, since rows that made a bound may be gone, and with
// numRecords, which a file with a deletion vector must have: read from the file's footer where the add does
// not tell it.
Result<std::string> WithWideBounds(const Table& table, const Add& add);

}  // namespace rtl::delta
