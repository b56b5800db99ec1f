#include "delta/scaled_int.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

namespace rtl::delta {
namespace {

constexpr std::size_t kLongest = 10'000;  // characters
constexpr std::size_t kMostDigits = 38;   // that always fit

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// A number taken apart: digits * 10^exponent.
struct Digits {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;
};

std::optional<Digits> TakeApart(std::string_view text) {
  Digits number;
  if (text.starts_with('-') || text.starts_with('+')) {
    number.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  std::size_t at = 0;
  bool after_point = false;
  for (; at < text.size() && (IsDigit(text[at]) || (text[at] == '.' && !after_point)); ++at) {
    if (text[at] == '.') {
      after_point = true;
      continue;
    }
    number.digits += text[at];
    if (after_point) --number.exponent;
  }
  if (number.digits.empty()) return {};
  if (at == text.size()) return number;
  if (text[at] != 'e' && text[at] != 'E') return {};
  std::string_view exponent = text.substr(at + 1);
  if (exponent.starts_with('+') && exponent.size() > 1 && IsDigit(exponent[1])) exponent.remove_prefix(1);
  std::int32_t given = 0;
  const auto [end, error] = std::from_chars(exponent.data(), exponent.data() + exponent.size(), given);
  if (error != std::errc() || end != exponent.data() + exponent.size()) return {};
  number.exponent += given;
  return number;
}

}  // namespace

std::optional<ScaledNumber> ParseScaled(std::string_view text, int scale) {
  if (text.size() > kLongest) return {};
  auto number = TakeApart(text);
  if (!number) return {};
  std::string& digits = number->digits;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return ScaledNumber{};

  // How many of the digits stand before the point, in units of the scale.
  const std::int64_t whole_digits = static_cast<std::int64_t>(digits.size()) + number->exponent + scale;
  if (whole_digits > static_cast<std::int64_t>(kMostDigits)) {
    return ScaledNumber{.floor = number->negative ? kInt128Min : kInt128Max};
  }
  const auto kept = static_cast<std::size_t>(std::max<std::int64_t>(whole_digits, 0));
  Int128 value = 0;
  for (std::size_t i = 0; i < kept; ++i) value = value * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  const bool has_remainder = kept < digits.size() && digits.find_first_not_of('0', kept) != std::string::npos;
  if (!number->negative) return ScaledNumber{.floor = value, .has_remainder = has_remainder};
  return ScaledNumber{.floor = -value - (has_remainder ? 1 : 0), .has_remainder = has_remainder};
}

}  // namespace rtl::delta
