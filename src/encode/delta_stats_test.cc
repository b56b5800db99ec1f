#include "encode/delta_stats.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <gtest/gtest.h>

#include <random>

namespace rtl::encode {
namespace {

const std::string kMaxCharacter = "\xF4\x8F\xBF\xBF";  // U+10FFFF

std::string Times(const std::string& text, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += text;
  return out;
}

TEST(DeltaStats, BoundsAreCutBetweenCharacters) {
  EXPECT_EQ(LowerBound(std::string(32, 'a')), std::string(32, 'a'));
  EXPECT_EQ(LowerBound(std::string(33, 'a')), std::string(32, 'a'));
  EXPECT_EQ(LowerBound(Times("é", 33)), Times("é", 32));
}

TEST(DeltaStats, AnUpperBoundIsRoundedUp) {
  std::string bound;
  ASSERT_TRUE(UpperBound(std::string(32, 'a'), bound));
  EXPECT_EQ(bound, std::string(32, 'a'));
  ASSERT_TRUE(UpperBound(std::string(33, 'a'), bound));
  EXPECT_EQ(bound, std::string(31, 'a') + "b");
  ASSERT_TRUE(UpperBound(std::string(31, 'a') + "\x7Fx", bound));
  EXPECT_EQ(bound, std::string(31, 'a') + "\xC2\x80");
  ASSERT_TRUE(UpperBound(std::string(31, 'a') + "\xED\x9F\xBFx", bound));  // U+D7FF: surrogates follow
  EXPECT_EQ(bound, std::string(31, 'a') + "\xEE\x80\x80");
  ASSERT_TRUE(UpperBound(std::string(31, 'a') + kMaxCharacter + "x", bound));
  EXPECT_EQ(bound, std::string(30, 'a') + "b");
  EXPECT_FALSE(UpperBound(Times(kMaxCharacter, 33), bound));
}

TEST(DeltaStats, BoundsHoldForRandomTexts) {
  std::mt19937 random(1);
  const std::vector<std::string> parts = {
      "a", "\x7F", "é", "\xDF\xBF", "\xED\x9F\xBF", "\xEF\xBF\xBF", kMaxCharacter};
  for (int i = 0; i < 5000; ++i) {
    std::string text;
    for (unsigned n = random() % 40; n > 0; --n) text += parts[random() % parts.size()];
    std::string upper;
    EXPECT_LE(LowerBound(text), text);
    const bool bounded = UpperBound(text, upper);
    EXPECT_TRUE(!bounded || upper >= text) << text;
  }
}

TEST(DeltaStats, ValuesOfSeveralArrays) {
  ColumnStats stats;
  for (const auto& [min, max] : {std::pair("m", "n"), std::pair("b", "c"), std::pair("y", "z")}) {
    arrow::StringBuilder builder;
    ASSERT_TRUE(builder.Append(max).ok() && builder.AppendNull().ok() && builder.Append(min).ok());
    stats.Observe(*builder.Finish().ValueOrDie());
  }
  EXPECT_EQ(stats.MinJson(), "\"b\"");
  EXPECT_EQ(stats.MaxJson(), "\"z\"");
  EXPECT_EQ(stats.null_count(), 3);
}

TEST(DeltaStats, AnEmptyStringIsAValue) {
  ColumnStats stats;
  EXPECT_EQ(stats.MinJson(), "");
  arrow::StringBuilder builder;
  ASSERT_TRUE(builder.Append("").ok());
  stats.Observe(*builder.Finish().ValueOrDie());
  EXPECT_EQ(stats.MinJson(), "\"\"");
  EXPECT_EQ(stats.MaxJson(), "\"\"");
}

TEST(DeltaStats, APayloadTakesTheBoundsAwayWheneverItComes) {
  for (const std::string& payload : {std::string("{}"), std::string("[1]"), std::string(257, 'x')}) {
    ColumnStats stats;
    for (const std::string& value : {std::string("a"), payload, std::string("b")}) {
      arrow::StringBuilder builder;
      ASSERT_TRUE(builder.Append(value).ok());
      stats.Observe(*builder.Finish().ValueOrDie());
    }
    EXPECT_EQ(stats.MinJson(), "");
    EXPECT_EQ(stats.MaxJson(), "");
  }
}

TEST(DeltaStats, ZerosOfBothSignsAreWithinTheBounds) {
  ColumnStats stats;
  arrow::DoubleBuilder builder;
  ASSERT_TRUE(builder.Append(0.0).ok());
  stats.Observe(*builder.Finish().ValueOrDie());
  EXPECT_EQ(stats.MinJson(), "-0.0");
  EXPECT_EQ(stats.MaxJson(), "0.0");
}

TEST(DeltaStats, TimestampsBeforeTheEpoch) {
  ColumnStats stats;
  arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                                  arrow::default_memory_pool());
  ASSERT_TRUE(builder.Append(-1).ok());
  stats.Observe(*builder.Finish().ValueOrDie());
  EXPECT_EQ(stats.MinJson(), "\"1969-12-31T23:59:59.999Z\"");
  EXPECT_EQ(stats.MaxJson(), "\"1970-01-01T00:00:00.000Z\"");
}

}  // namespace
}  // namespace rtl::encode
