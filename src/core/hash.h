// Content and key hashes (XXH3). Not cryptographic: they detect change, they do not resist an attacker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace rtl {

// 128 bits of an object's bytes as stored (before decompression).
struct ContentHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const ContentHash&) const = default;
};

std::string ToHex(const ContentHash& hash);             // 32 lower-case hex digits
bool FromHex(std::string_view hex, ContentHash& hash);  // false when it is not such a text

std::uint64_t HashKey(std::string_view key);  // spreads object keys over names and buckets

// Fed piece by piece; Finish() may be called once. Not for several threads at once.
class ContentHasher {
 public:
  ContentHasher();
  ~ContentHasher();
  ContentHasher(const ContentHasher&) = delete;
  ContentHasher& operator=(const ContentHasher&) = delete;

  void Update(std::string_view bytes);
  ContentHash Finish() const;

 private:
  void* state_;
};

ContentHash HashContent(std::string_view bytes);

}  // namespace rtl
