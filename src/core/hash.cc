#include "core/hash.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <charconv>

namespace rtl {

std::string ToHex(const ContentHash& hash) {
  return fmt::format("{:016x}{:016x}", hash.high, hash.low);
}

bool FromHex(std::string_view hex, ContentHash& hash) {
  if (hex.size() != 32) return false;
  const auto parse = [](std::string_view digits, std::uint64_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  return parse(hex.substr(0, 16), hash.high) && parse(hex.substr(16), hash.low);
}

std::uint64_t HashKey(std::string_view key) {
  return XXH3_64bits(key.data(), key.size());
}

ContentHasher::ContentHasher() : state_(XXH3_createState()) {
  XXH3_128bits_reset(static_cast<XXH3_state_t*>(state_));
}
ContentHasher::~ContentHasher() {
  XXH3_freeState(static_cast<XXH3_state_t*>(state_));
}

void ContentHasher::Update(std::string_view bytes) {
  XXH3_128bits_update(static_cast<XXH3_state_t*>(state_), bytes.data(), bytes.size());
}

ContentHash ContentHasher::Finish() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(static_cast<const XXH3_state_t*>(state_));
  return {hash.high64, hash.low64};
}

ContentHash HashContent(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

}  // namespace rtl
