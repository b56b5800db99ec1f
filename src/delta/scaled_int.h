// Whole numbers wide enough for every decimal(38), and decimal text as such numbers, without rounding.
#pragma once

#include <optional>
#include <string_view>

namespace rtl::delta {

__extension__ typedef __int128
    Int128;  // NOLINT(modernize-use-using): the warning about it cannot be silenced

inline constexpr Int128 kInt128Max = ~(static_cast<Int128>(1) << 127);
inline constexpr Int128 kInt128Min = static_cast<Int128>(1) << 127;

// A number in units of 10^-scale.
struct ScaledNumber {
  Int128 floor = 0;            // the greatest that is not above it; kInt128Min and kInt128Max: beyond all
  bool has_remainder = false;  // it lies above `floor`
};

// "12", "-1.50", "+.5", "1e-3": absent when it is no number. At most 10,000 characters.
std::optional<ScaledNumber> ParseScaled(std::string_view text, int scale);

}  // namespace rtl::delta
