// One line of a commit file as actions.
#pragma once

#include <simdjson.h>

#include <vector>

#include "core/error.h"
#include "delta/actions.h"

namespace rtl::delta {

// Appends the known actions of one line's object, in the order commitInfo, protocol, metaData, txn, remove,
// add (a line holds one). A deletion vector is kUnsupported by name; a known action that lacks what the
// protocol requires is kBadData. CommitInfo::json is re-serialised, compact.
Result<> ReadActions(simdjson::dom::object line, std::vector<Action>& actions);

}  // namespace rtl::delta
