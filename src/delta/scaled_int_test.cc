#include "delta/scaled_int.h"

#include <gtest/gtest.h>

#include <string>

namespace rtl::delta {
namespace {

void Expect(std::string_view text, int scale, Int128 floor, bool has_remainder) {
  const auto number = ParseScaled(text, scale);
  ASSERT_TRUE(number) << text;
  EXPECT_TRUE(number->floor == floor) << text << " is not " << static_cast<std::int64_t>(floor);
  EXPECT_EQ(number->has_remainder, has_remainder) << text;
}

TEST(ScaledInt, WithoutRounding) {
  Expect("12", 0, 12, false);
  Expect("12", 2, 1200, false);
  Expect("1.5", 0, 1, true);
  Expect("-1.5", 0, -2, true);
  Expect("-1.50", 1, -15, false);
  Expect("-0.001", 2, -1, true);
  Expect("0.000", 2, 0, false);
  Expect("+007", 0, 7, false);
  Expect("1.", 0, 1, false);
  Expect("1e3", 0, 1000, false);
  Expect("1.25E+1", 0, 12, true);
  Expect("125e-2", 2, 125, false);
  Expect("1e-400", 0, 0, true);
  Expect("-1e-400", 0, -1, true);
}

TEST(ScaledInt, WhatIsBeyondAllDecimals) {
  Expect("1e38", 0, kInt128Max, false);
  Expect("-1e38", 0, kInt128Min, false);
  Expect("1e2000000000", 38, kInt128Max, false);
  const std::string nines(38, '9');
  const auto greatest = ParseScaled(nines, 0);
  ASSERT_TRUE(greatest);
  EXPECT_TRUE(greatest->floor < kInt128Max);
  EXPECT_TRUE(greatest->floor % 10 == 9);
}

TEST(ScaledInt, WhatIsNoNumber) {
  for (const auto* text : {"", "-", ".", "e5", "1e", "1e+", "1x", "1.2.3", "0x10", " 1", "1e99999999999"}) {
    EXPECT_FALSE(ParseScaled(text, 0)) << text;
  }
  EXPECT_FALSE(ParseScaled(std::string(20'000, '1'), 0));
}

}  // namespace
}  // namespace rtl::delta
