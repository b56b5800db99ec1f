#include "delta/time_text.h"

#include <gtest/gtest.h>

#include "delta/time_zone.h"

namespace rtl::delta {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

TEST(TimeText, Dates) {
  EXPECT_EQ(ParseDate("1970-01-02"), 1);
  EXPECT_EQ(ParseDate("1969-12-31"), -1);
  EXPECT_EQ(ParseDate("2024-2-29"), 19782);
  EXPECT_EQ(ParseDate("0001-01-01"), -719162);
  EXPECT_EQ(ParseDate("+10000-01-01"), 2932897);
  for (const auto* text : {"", "2023-02-29", "2023-13-01", "2023-00-01", "23-01-01", "2023-01-01 ", "2023-01",
                           "x", "99999-01-01", "2023/01/01"}) {
    EXPECT_FALSE(ParseDate(text)) << text;
  }
}

TEST(TimeText, Times) {
  const auto micros = [](std::string_view text) { return ParseTime(text).value_or(ParsedTime{-42}).micros; };
  EXPECT_EQ(micros("1970-01-01"), 0);
  EXPECT_EQ(micros("1970-01-01 00:00:01"), kSecond);
  EXPECT_EQ(micros("1970-01-01 1:02"), 3720 * kSecond);
  EXPECT_EQ(micros("1970-01-01T00:00:00.5"), 500'000);
  EXPECT_EQ(micros("1970-01-01 00:00:00.123456789"), 123'456);
  EXPECT_EQ(micros("1969-12-31 23:59:59.999999"), -1);
  EXPECT_EQ(micros("1970-01-01T01:00:00Z"), 3600 * kSecond);
  for (const auto* text : {"1970-01-01T01:00:00+01:00", "1970-01-01 01:00:00 +0100", "1970-01-01T01:00:00+1",
                           "1969-12-31T16:00:00-08:00"}) {
    EXPECT_EQ(micros(text), 0) << text;
    EXPECT_TRUE(ParseTime(text)->has_zone);
  }
  EXPECT_FALSE(ParseTime("1970-01-01 00:00:01")->has_zone);
  for (const auto* text :
       {"", "1970-01-01 ", "1970-01-01 24:00:00", "1970-01-01 00:60:00", "1970-01-01 00:00:60",
        "1970-01-01 00:00:00.", "1970-01-01 00:00:00.1234567890", "1970-01-01 00:00:00 x",
        "1970-01-01 00:00:00+", "1970-01-01 00:00:00+19:00", "1970-01-01 00:00:00Zx", "now"}) {
    EXPECT_FALSE(ParseTime(text)) << text;
  }
}

TEST(TimeZone, ClocksOfAPlace) {
  const auto utc = TimeZone::Find("UTC");
  ASSERT_TRUE(utc);
  EXPECT_EQ(utc->ToUtc(5), 5);
  const auto zone = TimeZone::Find("America/Los_Angeles");
  if (!zone) GTEST_SKIP() << zone.error().message();
  const auto instant = [&](std::string_view local) { return zone->ToUtc(ParseTime(local)->micros); };
  EXPECT_EQ(instant("2021-09-08 11:11:11"), ParseTime("2021-09-08T18:11:11Z")->micros);
  EXPECT_EQ(instant("2021-01-08 11:11:11"), ParseTime("2021-01-08T19:11:11Z")->micros);
  EXPECT_EQ(instant("2021-03-14 02:30:00"), ParseTime("2021-03-14T10:30:00Z")->micros) << "skipped";
  EXPECT_EQ(instant("2021-11-07 01:30:00"), ParseTime("2021-11-07T08:30:00Z")->micros) << "twice";
  EXPECT_EQ(TimeZone::Find("No/Where").error().kind(), ErrorKind::kBadConfig);
}

}  // namespace
}  // namespace rtl::delta
