#include "cli/row_values.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
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

std::shared_ptr<::arrow::Array> FromJson(const std::shared_ptr<::arrow::DataType>& type,
                                         const std::string& json) {
  return ::arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

TEST(RowValues, ATimeWithoutAZoneHasNone) {
  const auto local = FromJson(::arrow::timestamp(::arrow::TimeUnit::MICRO), "[-1, null]");
  EXPECT_EQ(JsonOf(*local), "\"1969-12-31T23:59:59.999999\"");
  EXPECT_EQ(CellOf(*local, 0).text, "1969-12-31T23:59:59.999999");
}

TEST(RowValues, DatesAndDecimalsAreExact) {
  const auto dates = FromJson(::arrow::date32(), "[0, -719162, 2932896]");
  EXPECT_EQ(JsonOf(*dates, 0), "\"1970-01-01\"");
  EXPECT_EQ(JsonOf(*dates, 1), "\"0001-01-01\"");
  EXPECT_EQ(CellOf(*dates, 2).text, "9999-12-31");
  const auto decimals = FromJson(::arrow::decimal128(38, 18),
                                 R"(["0.000000000000000000", "-12345678901234567890.000000000000000001"])");
  EXPECT_EQ(JsonOf(*decimals, 0), "\"0.000000000000000000\"");
  EXPECT_EQ(JsonOf(*decimals, 1), "\"-12345678901234567890.000000000000000001\"");
  EXPECT_EQ(CellOf(*FromJson(::arrow::decimal128(5, 0), R"(["-7"])"), 0).text, "-7");
}

TEST(RowValues, FloatsHaveTheirOwnShortestText) {
  EXPECT_EQ(JsonOf(*ArrayOf(::arrow::FloatBuilder(), 0.1F)), "0.1");
  EXPECT_EQ(CellOf(*ArrayOf(::arrow::FloatBuilder(), 0.1F), 0).text, "0.1");
  EXPECT_EQ(JsonOf(*ArrayOf(::arrow::DoubleBuilder(), 1e300)), "1e+300");
}

TEST(RowValues, NestedValuesAreJson) {
  const auto type = ::arrow::struct_({::arrow::field("l", ::arrow::list(::arrow::date32())),
                                      ::arrow::field("m", ::arrow::map(::arrow::utf8(), ::arrow::int64())),
                                      ::arrow::field("k", ::arrow::map(::arrow::int32(), ::arrow::utf8()))});
  const auto rows = FromJson(type, R"([{"l": [0, null], "m": [["a\"", 1], ["b", null]], "k": [[7, "x"]]},
                                       {"l": [], "m": null, "k": []}, null])");
  const std::string first = R"({"l":["1970-01-01",null],"m":{"a\"":1,"b":null},"k":[{"key":7,"value":"x"}]})";
  EXPECT_EQ(JsonOf(*rows, 0), first);
  EXPECT_EQ(CellOf(*rows, 0).text, first);
  EXPECT_EQ(JsonOf(*rows, 1), R"({"l":[],"m":null,"k":[]})");
  EXPECT_EQ(JsonOf(*rows, 2), "null");
  EXPECT_TRUE(CellOf(*rows, 2).is_null);
  EXPECT_EQ(JsonOf(*rows->Slice(1), 0), R"({"l":[],"m":null,"k":[]})");
}

}  // namespace
}  // namespace rtl::cli
