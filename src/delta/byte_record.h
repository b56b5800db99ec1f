// A few values packed into bytes for keeping in memory: never written to a store, so the reader trusts what
// it reads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rtl::delta {

class RecordWriter {
 public:
  void Byte(char byte) { bytes_ += byte; }
  void Bytes(std::string_view bytes) { bytes_ += bytes; }  // as many as the reader will ask for
  void Int(std::int64_t value) {                           // small magnitudes take few bytes
    auto rest = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
    char encoded[10];
    std::size_t length = 0;
    for (; rest >= 0x80; rest >>= 7) encoded[length++] = static_cast<char>(rest | 0x80);
    encoded[length++] = static_cast<char>(rest);
    bytes_.append(encoded, length);
  }
  void Text(std::string_view text) {
    Int(static_cast<std::int64_t>(text.size()));
    bytes_ += text;
  }
  void Map(const std::map<std::string, std::string>& map) {
    Int(static_cast<std::int64_t>(map.size()));
    for (const auto& [key, value] : map) {
      Text(key);
      Text(value);
    }
  }
  void NullableMap(const std::map<std::string, std::optional<std::string>>& map) {
    Int(static_cast<std::int64_t>(map.size()));
    for (const auto& [key, value] : map) {
      Text(key);
      Byte(value ? '\1' : '\0');
      if (value) Text(*value);
    }
  }

  const std::string& bytes() const& { return bytes_; }
  std::string bytes() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what a RecordWriter wrote, in the same order. Views are valid as long as the bytes are.
class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : rest_(bytes) {}

  char Byte() {
    const char byte = rest_.front();
    rest_.remove_prefix(1);
    return byte;
  }
  std::string_view Bytes(std::size_t count) {
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }
  std::int64_t Int() {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(Byte());
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  std::string_view Text() { return Bytes(static_cast<std::size_t>(Int())); }
  std::map<std::string, std::string> Map() {
    std::map<std::string, std::string> map;
    for (std::int64_t left = Int(); left > 0; --left) {
      std::string key(Text());
      map.emplace(std::move(key), Text());
    }
    return map;
  }
  std::map<std::string, std::optional<std::string>> NullableMap() {
    std::map<std::string, std::optional<std::string>> map;
    for (std::int64_t left = Int(); left > 0; --left) {
      std::string key(Text());
      const bool present = Byte() != '\0';
      map.emplace(std::move(key), present ? std::optional<std::string>(Text()) : std::nullopt);
    }
    return map;
  }

 private:
  std::string_view rest_;
};

}  // namespace rtl::delta
