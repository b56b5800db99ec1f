// What a change of a table's metadata means for those who write beside it (protocol: "Change Metadata").
#pragma once

#include <string>

#include "core/error.h"
#include "delta/actions.h"

namespace rtl::delta {

// The first thing in which `after` binds data files, written for `before`, in another way: a column that was
// dropped, renamed, retyped or made NOT NULL, other partition columns, a property such as
// delta.columnMapping.mode. Empty when they may be committed as they are: columns were added (readers fill
// them with null), NOT NULL was lifted, or settings were changed that data files do not depend on.
std::string FirstBindingChange(const Metadata& before, const Metadata& after);

// kBadData, naming it, when `after` may not follow `before`: another table id, no columns, partition columns
// that do not exist, delta.columnMapping.maxColumnId lowered.
Result<> CheckMayFollow(const Metadata& before, const Metadata& after);

}  // namespace rtl::delta
