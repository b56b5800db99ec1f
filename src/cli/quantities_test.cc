#include "cli/quantities.h"

#include <gtest/gtest.h>

namespace rtl::cli {
namespace {

using std::chrono::milliseconds;

TEST(ParseSize, DecimalAndBinaryUnits) {
  EXPECT_EQ(ParseSize("512MB").value(), 512'000'000);
  EXPECT_EQ(ParseSize("64MiB").value(), 64LL << 20);
  EXPECT_EQ(ParseSize("1 GiB").value(), 1LL << 30);
  EXPECT_EQ(ParseSize("0B").value(), 0);
  EXPECT_EQ(ParseSize("3kB").value(), 3000);
}

TEST(ParseSize, RefusesWhatIsNoSize) {
  for (const char* text :
       {"", "512", "MB", "-1MB", "1.5GB", "5 mb", "5MBs", "99999999TiB", "9999999999999999999999B"}) {
    EXPECT_FALSE(ParseSize(text).has_value()) << text;
  }
}

TEST(ParseDuration, UnitsAndErrors) {
  EXPECT_EQ(ParseDuration("500ms").value(), milliseconds(500));
  EXPECT_EQ(ParseDuration("30s").value(), milliseconds(30'000));
  EXPECT_EQ(ParseDuration("5m").value(), milliseconds(300'000));
  EXPECT_EQ(ParseDuration("1d").value(), milliseconds(86'400'000));
  for (const char* text : {"", "30", "s", "-1s", "1.5h", "1hour"})
    EXPECT_FALSE(ParseDuration(text).has_value()) << text;
}

TEST(Exact, ReadsBackToTheSameValue) {
  for (const std::int64_t bytes : {0LL, 1LL, 1000LL, 1023LL, 1024LL, 512LL << 20, 64LL << 30, 1'234'567LL}) {
    EXPECT_EQ(ParseSize(ExactSize(bytes)).value(), bytes) << ExactSize(bytes);
  }
  EXPECT_EQ(ExactSize(256 << 20), "256MiB");
  for (const int millis : {0, 1, 999, 1000, 61'000, 3'600'000}) {
    EXPECT_EQ(ParseDuration(ExactDuration(milliseconds(millis))).value(), milliseconds(millis));
  }
}

TEST(Readable, Figures) {
  EXPECT_EQ(ReadableCount(0), "0");
  EXPECT_EQ(ReadableCount(999), "999");
  EXPECT_EQ(ReadableCount(1'234'567), "1,234,567");
  EXPECT_EQ(ReadableCount(-1234), "-1,234");
  EXPECT_EQ(ReadableBytes(999), "999 B");
  EXPECT_EQ(ReadableBytes(45'200'000), "45.2 MB");
  EXPECT_EQ(ReadableBytes(999'999), "1.0 MB");
  EXPECT_EQ(ReadableSeconds(3.21), "3.2 s");
  EXPECT_EQ(ReadableSeconds(59.99), "1 min 0 s");
  EXPECT_EQ(ReadableSeconds(3725), "1 h 2 min");
  EXPECT_EQ(ReadableRate(10'000'000, 2), "5.0 MB/s");
  EXPECT_EQ(ReadableRate(10, 0), "");
  EXPECT_EQ(Counted(1, "file"), "1 file");
  EXPECT_EQ(Counted(2000, "file"), "2,000 files");
}

}  // namespace
}  // namespace rtl::cli
