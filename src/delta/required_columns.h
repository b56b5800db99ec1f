// Columns in which no row may lack a value: NOT NULL (protocol: "Struct Field", nullable) and invariants of
// the form `x IS NOT NULL` (protocol: "Column Invariants").
#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "delta/actions.h"

namespace rtl::delta {

// Top-level columns by name, in the schema's order. Nested ones need no care of a writer that leaves nested
// columns out. kUnsupported, naming the column, when an invariant is any other expression; kBadData when it
// cannot be read.
Result<std::vector<std::string>> RequiredColumns(const Protocol& protocol, const Metadata& metadata);

}  // namespace rtl::delta
