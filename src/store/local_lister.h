// A listing of a folder tree in the order of the keys, one folder's names in memory for each level.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/time.h"
#include "store/object_store.h"

namespace rtl::store {

// `path` is the root, opened here: kUnavailable when it is missing, so that a lost folder is never taken for
// an empty one. A folder that may not be read fails the listing, for the same reason. The clock must outlive
// the lister.
Result<std::unique_ptr<ObjectLister>> ListLocal(const std::string& path, std::string_view prefix,
                                                std::string_view start_after, const Clock& clock);

}  // namespace rtl::store
