// Which events concern us, and by which keys. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "discover/s3_event.h"

namespace rtl::discover {

// What we follow. A queue or a webhook may also bring what is not ours.
struct EventScope {
  std::string bucket;
  std::string prefix;  // empty, or ends in '/'
};

// The key below the prefix; else why it is refused: "bucket other is not ours". Never empty: the folder's own
// marker object is no file.
std::expected<std::string, std::string> KeyInScope(const EventScope& scope, std::string_view bucket,
                                                   std::string_view key);

struct ScopedKey {
  std::string key;                // below the prefix; never empty
  std::optional<Timestamp> time;  // of the newest event of the key, where one says when it was
};

struct RefusedEvent {
  std::string bucket;
  std::string reason;
};

// What one message asks to be looked at.
struct ScopedKeys {
  std::vector<ScopedKey> keys;        // each once, in order of first mention
  std::int64_t repeated = 0;          // events of a key that is in `keys` already
  std::int64_t ignored = 0;           // events that say nothing of content, and those of the folder itself
  std::vector<RefusedEvent> refused;  // of other buckets and prefixes
};
ScopedKeys KeysOf(const EventMessage& message, const EventScope& scope);

}  // namespace rtl::discover
