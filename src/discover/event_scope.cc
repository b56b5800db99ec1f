#include "discover/event_scope.h"

#include <fmt/format.h>

#include <unordered_set>
#include <utility>

#include "discover/utf8_name.h"

namespace rtl::discover {

std::expected<std::string, std::string> KeyInScope(const EventScope& scope, std::string_view bucket,
                                                   std::string_view key) {
  if (bucket != scope.bucket) {
    return std::unexpected(
        fmt::format("bucket {} is not ours, which is {}", EscapeInvalidUtf8(bucket), scope.bucket));
  }
  if (!key.starts_with(scope.prefix)) {
    return std::unexpected(
        fmt::format("{} is not below the prefix {}", EscapeInvalidUtf8(key), scope.prefix));
  }
  key.remove_prefix(scope.prefix.size());
  if (key.empty()) return std::unexpected("the folder itself is no file");
  return std::string(key);
}

ScopedKeys KeysOf(const EventMessage& message, const EventScope& scope) {
  ScopedKeys scoped;
  std::unordered_set<std::string> seen;
  for (const S3Event& event : message.events) {
    if (event.kind == S3EventKind::kIgnored) {
      ++scoped.ignored;
      continue;
    }
    auto key = KeyInScope(scope, event.bucket, event.key);
    if (!key) {
      scoped.refused.push_back(std::move(key).error());
    } else if (!seen.insert(*key).second) {
      ++scoped.repeated;
    } else {
      scoped.keys.push_back(*std::move(key));
    }
  }
  return scoped;
}

}  // namespace rtl::discover
