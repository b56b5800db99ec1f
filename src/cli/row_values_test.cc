#include "cli/row_values.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <limits>

namespace rtl::cli {
namespace {

template <typename Builder, typename Value>
std::shared_ptr<::arrow::Array> ArrayOf(Builder builder, Value value) {
  EXPECT_TRUE(builder.Append(value).ok());
  EXPECT_TRUE(builder.AppendNull().ok());
  return builder.Finish().ValueOrDie();
}

std::string JsonOf(const ::arrow::Array& column, std::int64_t row = 0) {
  JsonWriter json;
  WriteJsonValue(json, column, row);
  return std::move(json).Take();
}

TEST(RowValues, StringsAndBytes) {
  const auto text = ArrayOf(::arrow::StringBuilder(), "a\n\"ü\"");
  EXPECT_EQ(CellOf(*text, 0).text, "a\\n\"ü\"");
  EXPECT_EQ(JsonOf(*text), "\"a\\n\\\"ü\\\"\"");
  const auto bytes = ArrayOf(::arrow::BinaryBuilder(), std::string("{\xff\0", 3));
  EXPECT_EQ(CellOf(*bytes, 0).text, "{\\xff\\x00");
  EXPECT_EQ(JsonOf(*bytes), "\"{\\\\xff\\u0000\"");
}

TEST(RowValues, NullIsNotText) {
  const auto text = ArrayOf(::arrow::StringBuilder(), "x");
  EXPECT_TRUE(CellOf(*text, 1).is_null);
  EXPECT_FALSE(CellOf(*text, 0).is_null);
  EXPECT_EQ(JsonOf(*text, 1), "null");
}

TEST(RowValues, NumbersAndBooleans) {
  const auto big = ArrayOf(::arrow::Int64Builder(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(JsonOf(*big), "-9223372036854775808");
  EXPECT_EQ(CellOf(*big, 0).text, "-9223372036854775808");
  EXPECT_EQ(JsonOf(*ArrayOf(::arrow::DoubleBuilder(), 0.1)), "0.1");
  EXPECT_EQ(JsonOf(*ArrayOf(::arrow::DoubleBuilder(), std::numeric_limits<double>::quiet_NaN())), "\"NaN\"");
  EXPECT_EQ(JsonOf(*ArrayOf(::arrow::DoubleBuilder(), -std::numeric_limits<double>::infinity())),
            "\"-Infinity\"");
  EXPECT_EQ(JsonOf(*ArrayOf(::arrow::BooleanBuilder(), true)), "true");
  EXPECT_EQ(CellOf(*ArrayOf(::arrow::BooleanBuilder(), true), 0).text, "true");
}

TEST(RowValues, TimestampsAreUtcWhateverTheirUnit) {
  const auto at = [](::arrow::TimeUnit::type unit, std::int64_t value) {
    return ArrayOf(::arrow::TimestampBuilder(::arrow::timestamp(unit, "UTC"), ::arrow::default_memory_pool()),
                   value);
  };
  EXPECT_EQ(CellOf(*at(::arrow::TimeUnit::MICRO, 1'500'000), 0).text, "1970-01-01T00:00:01.500000Z");
  EXPECT_EQ(CellOf(*at(::arrow::TimeUnit::MILLI, 1'500), 0).text, "1970-01-01T00:00:01.500000Z");
  EXPECT_EQ(JsonOf(*at(::arrow::TimeUnit::NANO, 1'500'000'000)), "\"1970-01-01T00:00:01.500000Z\"");
}

}  // namespace
}  // namespace rtl::cli
