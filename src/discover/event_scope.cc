#include "discover/event_scope.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
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
  std::unordered_map<std::string, std::size_t> seen;  // its place in `keys`
  for (const S3Event& event : message.events) {
    const bool is_folder = event.bucket == scope.bucket && event.key == scope.prefix;
    if (event.kind == S3EventKind::kIgnored || is_folder) {
      ++scoped.ignored;
      continue;
    }
    auto key = KeyInScope(scope, event.bucket, event.key);
    if (!key) {
      scoped.refused.push_back({.bucket = event.bucket, .reason = std::move(key).error()});
      continue;
    }
    const auto [known, is_new] = seen.try_emplace(*key, scoped.keys.size());
    if (is_new) {
      scoped.keys.push_back({.key = *std::move(key), .time = event.time});
    } else {
      ++scoped.repeated;
      auto& time = scoped.keys[known->second].time;
      time = std::max(time, event.time);  // none is older than any
    }
  }
  return scoped;
}

}  // namespace rtl::discover
