#include "store/pinned_range.h"

#include <fmt/format.h>

#include <algorithm>

namespace rtl::store {

bool MatchesPin(const std::optional<ObjectVersion>& pin, const ObjectVersion& version) {
  if (!pin) return true;
  return pin->etag == version.etag && (pin->version_id.empty() || pin->version_id == version.version_id);
}

Result<> CheckRange(const std::optional<ByteRange>& range) {
  if (range && (range->offset < 0 || range->length < 0)) {
    return Fail(ErrorKind::kInternal,
                fmt::format("a byte range of offset {} and length {}", range->offset, range->length));
  }
  return {};
}

ByteRange Clip(const std::optional<ByteRange>& range, std::int64_t size) {
  if (!range) return {.offset = 0, .length = size};
  const std::int64_t offset = std::min(range->offset, size);
  return {.offset = offset, .length = std::min(range->length, size - offset)};
}

}  // namespace rtl::store
