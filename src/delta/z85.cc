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

// How many '#' stand before the digits of a last group; each takes the place of a byte.
std::size_t FillOf(std::string_view group) {
  const std::size_t digits = group.find_first_not_of('#');
  return digits < kGroupBytes ? digits : 0;
}

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
    const bool is_last = begin + kGroupDigits == text.size();
    const std::size_t fill = is_last ? FillOf(text.substr(begin)) : 0;
    std::uint64_t group = 0;
    for (std::size_t i = begin + fill; i < begin + kGroupDigits; ++i) {
      const std::uint8_t value = kValues[static_cast<unsigned char>(text[i])];
      if (value == kNoDigit) {
        return Fail(ErrorKind::kBadData, fmt::format("character {} is none of Z85's", i + 1));
      }
      group = group * 85 + value;
    }
    const std::size_t bits = (kGroupBytes - fill) * 8;
    if (group >> bits != 0) {
      return Fail(ErrorKind::kBadData,
                  fmt::format("Z85 characters from {} on: more than {} bits", begin + 1, bits));
    }
    for (std::size_t shift = bits; shift > 0; shift -= 8)
      bytes += static_cast<char>(group >> (shift - 8) & 0xff);
  }
  return bytes;
}

}  // namespace rtl::delta
