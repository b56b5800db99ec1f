#include "delta/z85.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace rtl::delta {
namespace {

constexpr std::string_view kDigits =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
static_assert(kDigits.size() == 85);

constexpr std::uint8_t kNoDigit = 255;
constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

constexpr std::size_t kGroupBytes = 4;
constexpr std::size_t kGroupDigits = 5;

}  // namespace

std::string EncodeZ85(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + kGroupBytes - 1) / kGroupBytes * kGroupDigits);
  for (std::size_t begin = 0; begin < bytes.size(); begin += kGroupBytes) {
    std::uint32_t group = 0;
    for (std::size_t i = begin; i < begin + kGroupBytes; ++i) {
      group = group << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
    }
    std::array<char, kGroupDigits> digits{};
    for (std::size_t i = kGroupDigits; i-- > 0; group /= 85) digits[i] = kDigits[group % 85];
    text.append(digits.data(), digits.size());
  }
  return text;
}

Result<std::string> DecodeZ85(std::string_view text) {
  if (text.size() % kGroupDigits != 0) {
    return Fail(ErrorKind::kBadData,
                fmt::format("Z85 text of {} characters: not a multiple of five", text.size()));
  }
  std::string bytes;
  bytes.reserve(text.size() / kGroupDigits * kGroupBytes);
  for (std::size_t begin = 0; begin < text.size(); begin += kGroupDigits) {
    std::uint64_t group = 0;
    for (std::size_t i = begin; i < begin + kGroupDigits; ++i) {
      const std::uint8_t value = kValues[static_cast<unsigned char>(text[i])];
      if (value == kNoDigit) {
        return Fail(ErrorKind::kBadData, fmt::format("character {} is none of Z85's", i + 1));
      }
      group = group * 85 + value;
    }
    if (group > std::numeric_limits<std::uint32_t>::max()) {
      return Fail(ErrorKind::kBadData,
                  fmt::format("Z85 characters from {} on: more than 32 bits", begin + 1));
    }
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(group >> shift & 0xff);
  }
  return bytes;
}

}  // namespace rtl::delta
