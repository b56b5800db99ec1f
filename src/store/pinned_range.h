// What GetOptions ask for, as pure decisions shared by the stores.
#pragma once

#include <optional>

#include "store/object_store.h"

namespace rtl::store {

// Whether an object at `version` satisfies the pin (`settled` is not compared).
bool MatchesPin(const std::optional<ObjectVersion>& pin, const ObjectVersion& version);

// kInternal for a negative offset or length.
Result<> CheckRange(const std::optional<ByteRange>& range);

// The part of a checked range that an object of `size` bytes has; empty past its end; all when no range.
ByteRange Clip(const std::optional<ByteRange>& range, std::int64_t size);

}  // namespace rtl::store
