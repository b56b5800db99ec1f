// Conditions: as text, on rows, on files.
#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/arrow_types.h"
#include "delta/file_skipping.h"
#include "delta/predicate_parser.h"
#include "delta/predicate_rows.h"
#include "delta/testing_actions.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

TableState StateWith(std::vector<Field> fields) {
  TableState state;
  state.metadata.schema.fields = std::move(fields);
  return state;
}

TableState SomeState() {
  TableState state = StateWith({{.name = "s", .type = "string"},
                                {.name = "n", .type = "long"},
                                {.name = "f", .type = "float"},
                                {.name = "d", .type = "double"},
                                {.name = "dec", .type = "decimal(20,2)"},
                                {.name = "b", .type = "boolean"},
                                {.name = "day", .type = "date"},
                                {.name = "at", .type = "timestamp"},
                                {.name = "local", .type = "timestamp_ntz"},
                                {.name = "bin", .type = "binary"},
                                {.name = "odd name", .type = "long"},
                                {.name = "list", .type = R"({"type":"array","elementType":"long"})"},
                                {.name = "st",
                                 .type = R"({"type":"struct","fields":[{"name":"x","type":"long"},)"
                                         R"({"name":"in","type":{"type":"struct","fields":[)"
                                         R"({"name":"y","type":"string"}]}}]})"},
                                {.name = "p", .type = "integer"}});
  state.metadata.partition_columns = {"p"};
  return state;
}

// The rows of a one-column batch for which `condition` holds, one character each: t, f or u.
std::string Truths(const std::string& condition, const std::string& column, const std::string& json) {
  const TableState state = SomeState();
  const auto predicate = ParsePredicate(condition, state);
  if (!predicate) return predicate.error().message();
  const auto type = *ArrowTypeOf(ParseTypedField(*state.metadata.schema.Find(column))->type);
  const auto array = arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
  const auto batch =
      arrow::RecordBatch::Make(arrow::schema({arrow::field(column, type)}), array->length(), {array});
  const auto truths = TruthOf(*predicate, *batch);
  if (!truths) return truths.error().message();
  std::string text;
  for (const Truth truth : *truths) text += truth == Truth::kTrue ? 't' : truth == Truth::kFalse ? 'f' : 'u';
  return text;
}

TEST(Predicate, ComparesEveryTypeExactly) {
  EXPECT_EQ(Truths("s = 'a'", "s", R"(["a", "b", "", null])"), "tffu");
  EXPECT_EQ(Truths("s < 'b'", "s", R"(["a", "b", "B", "ä"])"), "tftf");
  EXPECT_EQ(Truths("s = 'it''s'", "s", R"(["it's", "its"])"), "tf");
  EXPECT_EQ(Truths("n >= 3", "n", "[2, 3, 4, null]"), "fttu");
  EXPECT_EQ(Truths("n > 2.5", "n", "[2, 3]"), "ft");
  EXPECT_EQ(Truths("n <= 2.5", "n", "[2, 3]"), "tf");
  EXPECT_EQ(Truths("n = 2.5", "n", "[2, 3]"), "ff");
  EXPECT_EQ(Truths("n <> 2.5", "n", "[2, null]"), "tu");
  EXPECT_EQ(Truths("n < -1.5", "n", "[-2, -1]"), "tf");
  EXPECT_EQ(Truths("n < 1e30", "n", "[9223372036854775807]"), "t");
  EXPECT_EQ(Truths("n = 9007199254740993", "n", "[9007199254740992, 9007199254740993]"), "ft");
  EXPECT_EQ(Truths("dec = 1.5", "dec", R"(["1.50", "1.51", null])"), "tfu");
  EXPECT_EQ(Truths("dec > -0.005", "dec", R"(["-0.01", "0.00"])"), "ft");
  EXPECT_EQ(
      Truths("dec >= 123456789012345678.01", "dec", R"(["123456789012345678.00", "123456789012345678.01"])"),
      "ft");
  EXPECT_EQ(Truths("f = 0.1", "f", "[0.1, 0.2]"), "tf");
  EXPECT_EQ(Truths("d > 1e300", "d", "[1e299, NaN, Inf]"), "ftt");
  EXPECT_EQ(Truths("d = 'NaN'", "d", "[1, NaN, -0.0]"), "ftf");
  EXPECT_EQ(Truths("d = 0", "d", "[-0.0, 0.0]"), "tt");
  EXPECT_EQ(Truths("b = true", "b", "[true, false, null]"), "tfu");
  EXPECT_EQ(Truths("day >= '1970-01-02'", "day", "[0, 1]"), "ft");
  EXPECT_EQ(Truths("day = DATE '1970-01-02'", "day", "[0, 1]"), "ft");
  EXPECT_EQ(Truths("at = timestamp '1970-01-01T01:00:00.000001+01:00'", "at", "[0, 1]"), "ft");
  EXPECT_EQ(Truths("at < '1970-01-01 00:00:00.000001'", "at", "[0, 1]"), "tf");
  EXPECT_EQ(Truths("local < '1970-01-02'", "local", "[0, 86400000000]"), "tf");
  EXPECT_EQ(Truths("bin = 'ab'", "bin", R"(["ab", "a"])"), "tf");
}

TEST(Predicate, ThreeValuedLogic) {
  const std::string three = "[1, 2, null]";
  EXPECT_EQ(Truths("n IS NULL", "n", three), "fft");
  EXPECT_EQ(Truths("n is not null", "n", three), "ttf");
  EXPECT_EQ(Truths("NOT n = 1", "n", three), "ftu");
  EXPECT_EQ(Truths("NOT NOT n = 1", "n", three), "tfu");
  EXPECT_EQ(Truths("n = 1 OR n IS NULL", "n", three), "tft");
  EXPECT_EQ(Truths("n = 1 AND n IS NULL", "n", three), "ffu");
  EXPECT_EQ(Truths("n = 1 OR n = 2 AND n = 3", "n", three), "tfu") << "AND binds more tightly";
  EXPECT_EQ(Truths("(n = 1 OR n = 2) AND n <> 3", "n", three), "ttu");
}

TEST(Predicate, FieldsOfStructs) {
  const std::string rows = R"([{"x": 1, "in": {"y": "a"}}, {"x": null, "in": null}, null])";
  EXPECT_EQ(Truths("st.x = 1", "st", rows), "tuu");
  EXPECT_EQ(Truths("ST.\"in\".Y = 'a'", "st", rows), "tuu");
  EXPECT_EQ(Truths("st.in IS NULL", "st", rows), "ftt");
  EXPECT_EQ(Truths("st IS NULL", "st", rows), "fft");
  EXPECT_EQ(Truths("list IS NOT NULL", "list", "[[1], [], null]"), "ttf");
  EXPECT_EQ(Truths("`odd name` = 1", "odd name", "[1, 2]"), "tf");
}

struct Bad {
  std::string condition;
  std::string says;
  std::size_t caret;
};

TEST(Predicate, BadTextIsShownWhereItIsBad) {
  for (const auto& [condition, says, caret] : std::vector<Bad>{
           {"", "the name of a column is expected", 0},
           {"n", "a comparison", 1},
           {"n =", "a 'string', a number", 3},
           {"n = 1 n = 2", "AND, OR or the end", 6},
           {"n = 1 AND", "the name of a column", 9},
           {"(n = 1", "a ')'", 6},
           {"n = 1)", "AND, OR or the end", 5},
           {"zz = 1", "there is no column zz; the table has s, n, f", 0},
           {"n = 1 AND st.zz = 1", "st is a struct of x, in: it has no field zz", 10},
           {"n.x = 1", "n is of type long: it has no field x", 0},
           {"n = 'a'", "a column of type long is compared with a number", 4},
           {"s = 3", "a column of type string is compared with 'text'", 4},
           {"day = 'x'", "'2026-01-31'", 6},
           {"local = '2026-01-31T12:00:00Z'", "timestamp_ntz", 8},
           {"b = 1", "true or false", 4},
           {"list = 1", "can be tested for NULL only", 7},
           {"n = NULL", "IS NULL", 4},
           {"n IS 3", "NULL is expected", 5},
           {"s = 'a", "not closed", 4},
           {"n # 3", "no meaning", 2},
           {"'s' = 'a'", "its name is not put in", 0},
           {"n = 1.2.3", "compared with a number", 4},
           {"s = 'ää' AND zz = 1", "no column zz", 13},
       }) {
    const auto predicate = ParsePredicate(condition, SomeState());
    ASSERT_FALSE(predicate) << condition;
    EXPECT_EQ(predicate.error().kind(), ErrorKind::kBadConfig);
    EXPECT_THAT(predicate.error().message(), HasSubstr(says)) << condition;
    EXPECT_THAT(predicate.error().message(), testing::EndsWith(fmt::format("\n  {:{}}^", "", caret)))
        << condition;
  }
  const auto deep = ParsePredicate(fmt::format("{:(>1000}n = 1", ""), SomeState());
  ASSERT_FALSE(deep);
  EXPECT_THAT(deep.error().message(), HasSubstr("too deeply"));
}

// Whether files with these statistics may have rows for the condition.
bool MayHave(const std::string& condition, const std::string& stats,
             std::optional<std::string> partition = "5") {
  const auto predicate = ParsePredicate(condition, SomeState());
  EXPECT_TRUE(predicate) << predicate.error().message();
  Add add = SomeAdd("f");
  add.stats = stats;
  add.partition_values["p"] = std::move(partition);
  const auto may_have = MayHaveRows(*predicate, add);
  EXPECT_TRUE(may_have) << may_have.error().message();
  return may_have.value_or(false);
}

TEST(FileSkipping, NumbersBetweenTheirBounds) {
  const std::string stats =
      R"({"numRecords":10,"minValues":{"n":3,"dec":1.50,"st":{"x":-5}},)"
      R"("maxValues":{"n":7,"dec":2.5,"st":{"x":5}},"nullCount":{"n":0,"dec":10,"st":{"x":1}}})";
  for (const auto* possible : {"n = 3", "n = 7", "n < 4", "n <= 3", "n > 6", "n >= 7", "n <> 5", "NOT n = 5",
                               "n IS NOT NULL", "st.x = 0", "st.x IS NULL", "n = 0 OR n = 5", "n > 6.5",
                               "dec IS NULL", "s = 'a'", "NOT s = 'a'", "st IS NULL"}) {
    EXPECT_TRUE(MayHave(possible, stats)) << possible;
  }
  for (const auto* impossible : {"n = 2", "n = 8", "n < 3", "n <= 2.5", "n > 7", "n > 7.5", "n >= 8",
                                 "n IS NULL", "NOT n >= 3", "NOT n IS NOT NULL", "st.x = 6", "n = 0 OR n = 9",
                                 "n = 5 AND n = 9", "dec = 2", "dec IS NOT NULL", "n = 5 AND dec = 2"}) {
    EXPECT_FALSE(MayHave(impossible, stats)) << impossible;
  }
}

TEST(FileSkipping, WhatTheStatisticsDoNotTellIsPossible) {
  for (const auto* stats :
       {"", "{", "{}", "[]", R"({"minValues":{"n":"x"}})", R"({"minValues":{"n":{}},"maxValues":[]})",
        R"({"numRecords":10,"nullCount":{"n":3}})", R"({"minValues":{"n":null}})"}) {
    EXPECT_TRUE(MayHave("n = 5", stats)) << stats;
    EXPECT_TRUE(MayHave("n IS NULL", stats)) << stats;
    EXPECT_TRUE(MayHave("NOT n = 5", stats)) << stats;
  }
}

TEST(FileSkipping, BoundsAreNotTakenMoreTightlyThanWritersMeanThem) {
  // Strings are cut off, also the greatest.
  const std::string texts = R"({"minValues":{"s":"bb"},"maxValues":{"s":"dd"}})";
  EXPECT_TRUE(MayHave("s = 'ddx'", texts));
  EXPECT_TRUE(MayHave("s > 'dd'", texts));
  EXPECT_FALSE(MayHave("s = 'de'", texts));
  EXPECT_FALSE(MayHave("s < 'bb'", texts));
  EXPECT_TRUE(MayHave("NOT s = 'bb'", R"({"minValues":{"s":"bb"},"maxValues":{"s":"bb"}})"));
  // Times are cut off below the millisecond.
  const std::string times =
      R"({"minValues":{"at":"1970-01-01T00:00:01.000Z","local":"1970-01-01T00:00:01"},)"
      R"("maxValues":{"at":"1970-01-01T02:00:02.000+02:00","local":"1970-01-01T00:00:02.000"}})";
  EXPECT_TRUE(MayHave("at > '1970-01-01T00:00:02.000998Z'", times));
  EXPECT_FALSE(MayHave("at > '1970-01-01T00:00:02.000999Z'", times));
  EXPECT_FALSE(MayHave("at < '1970-01-01T00:00:01Z'", times));
  EXPECT_TRUE(MayHave("local = '1970-01-01 00:00:02.0009'", times));
  EXPECT_FALSE(MayHave("local = '1970-01-01 00:00:02.001'", times));
  EXPECT_TRUE(MayHave("at < '1970-01-01T00:00:00Z'", R"({"minValues":{"at":"1970-01-01T00:00:01"}})"));
  // NaN is above all others and in no statistics.
  const std::string floats =
      R"({"numRecords":1,"minValues":{"d":1.5},"maxValues":{"d":2.5},"nullCount":{"d":0}})";
  EXPECT_TRUE(MayHave("d > 3", floats));
  EXPECT_FALSE(MayHave("d < 1.5", floats));
  EXPECT_TRUE(MayHave("d < 1", R"({"minValues":{"d":"NaN"}})"));
  // Decimals may have been doubles on their way.
  const std::string decimals =
      R"({"minValues":{"dec":123456789012345678.02},"maxValues":{"dec":123456789012345678.02}})";
  EXPECT_TRUE(MayHave("dec = 123456789012345678.01", decimals));
  EXPECT_FALSE(MayHave("dec = 123456789012345", decimals));
}

TEST(FileSkipping, PartitionValuesAreExact) {
  EXPECT_TRUE(MayHave("p = 5", ""));
  EXPECT_FALSE(MayHave("p = 6", ""));
  EXPECT_FALSE(MayHave("p <> 5", ""));
  EXPECT_FALSE(MayHave("NOT p = 5", ""));
  EXPECT_FALSE(MayHave("p = 5", "", std::nullopt));
  EXPECT_FALSE(MayHave("NOT p = 5", "", "")) << "unknown is not true";
  EXPECT_TRUE(MayHave("p IS NULL", "", ""));
  EXPECT_FALSE(MayHave("p = 6 OR n = 1", R"({"minValues":{"n":3}})"));
  Add add = SomeAdd("f.parquet");
  add.partition_values["p"] = "x";
  const auto judged = MayHaveRows(*ParsePredicate("p = 1", SomeState()), add);
  ASSERT_FALSE(judged);
  EXPECT_EQ(judged.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(judged.error().message(), HasSubstr("f.parquet"));
}

TEST(FileSkipping, MappedColumnsGoByTheirPhysicalNames) {
  TableState state =
      StateWith({{.name = "n",
                  .type = "long",
                  .metadata = R"({"delta.columnMapping.id":1,"delta.columnMapping.physicalName":"col-n"})"}});
  state.protocol = {.min_reader_version = 2, .min_writer_version = 5};
  state.metadata.configuration["delta.columnMapping.mode"] = "name";
  const auto predicate = ParsePredicate("n = 1", state);
  ASSERT_TRUE(predicate);
  Add add = SomeAdd("f");
  add.stats = R"({"minValues":{"col-n":3,"n":0},"maxValues":{"col-n":4,"n":9}})";
  EXPECT_FALSE(*MayHaveRows(*predicate, add));
}

}  // namespace
}  // namespace rtl::delta
