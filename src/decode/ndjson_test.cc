#include "decode/ndjson.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace rtl::decode {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

DecodedSlice Decode(std::string_view lines, const NdjsonOptions& options = {}) {
  auto slice = DecodeNdjson(lines, options);
  EXPECT_TRUE(slice.has_value());
  if (!slice) return {};
  EXPECT_EQ(slice->lines,
            slice->row_count + static_cast<std::int64_t>(slice->rejects.size()) + slice->blank_lines);
  EXPECT_EQ(slice->rows == nullptr, slice->row_count == 0);
  if (slice->rows) {
    EXPECT_EQ(slice->rows->num_rows(), slice->row_count);
    EXPECT_TRUE(slice->rows->ValidateFull().ok()) << slice->rows->ValidateFull().ToString();
  }
  return std::move(*slice);
}

// A column as texts, "<null>" for NULL, "<none>" when there is no such column.
std::vector<std::string> Texts(const DecodedSlice& slice, const std::string& column) {
  if (!slice.rows) return {"<none>"};
  const auto array = slice.rows->GetColumnByName(column);
  if (!array) return {"<none>"};
  std::vector<std::string> out;
  for (std::int64_t i = 0; i < array->length(); ++i) {
    out.push_back(array->IsNull(i) ? "<null>" : array->GetScalar(i).ValueOrDie()->ToString());
  }
  return out;
}

std::vector<std::string> ColumnNames(const DecodedSlice& slice) {
  return slice.rows ? slice.rows->schema()->field_names() : std::vector<std::string>();
}

// The value of column v of the one row {"v": <json>}; the reject's reason when it is no row.
std::string Value(std::string_view json, ColumnType type = ColumnType::kString) {
  const auto slice = Decode("{\"v\":" + std::string(json) + "}\n", {.pinned = {{"v", type}}});
  return slice.row_count == 1 ? Texts(slice, "v")[0] : "rejected: " + slice.rejects.at(0).reason;
}

std::string Reason(std::string_view line) {
  const auto slice = Decode(line);
  return slice.rejects.size() == 1 ? slice.rejects[0].reason : "not rejected";
}

TEST(Ndjson, TheUsualRows) {
  const auto slice = Decode(R"({"wid":"0001","ut_id":"u1","json_data":{"a": 1.50, "b":[ ]}}
{"wid":"0002","ut_id":"u2","json_data":{}}
)");
  EXPECT_THAT(ColumnNames(slice), ElementsAre("wid", "ut_id", "json_data"));
  EXPECT_THAT(Texts(slice, "wid"), ElementsAre("0001", "0002"));
  EXPECT_THAT(Texts(slice, "json_data"), ElementsAre(R"({"a": 1.50, "b":[ ]})", "{}"));
}

TEST(Ndjson, StringColumnsKeepEveryOtherValueByteForByte) {
  for (const std::string text :
       {"100000000000000000000000000001", "9223372036854775808", "1.50", "1E5", "-0", "100.0", "1e400",
        "true", "false", "[1 , 2]", R"({"a":"\u0041\ud800","a":1})"}) {
    EXPECT_EQ(Value(text), text);
    EXPECT_EQ(Value(" \t" + text + "\r "), text);
    EXPECT_EQ(Value(R"({"x": )" + text + " }"), R"({"x": )" + text + " }");
  }
}

TEST(Ndjson, StringsAreUnescaped) {
  EXPECT_EQ(Value(R"("a\"\\\/\b\f\n\r\tb")"), "a\"\\/\b\f\n\r\tb");
  EXPECT_EQ(Value(R"("\u0041\u00e9\u20ac\ud83d\ude00")"), "Aé€😀");
  EXPECT_EQ(Value(R"("\u0000")"), std::string(1, '\0'));
  EXPECT_EQ(Value(R"("")"), "");
  EXPECT_EQ(Value("null"), "<null>");
}

TEST(Ndjson, ALoneSurrogateIsTextInAPayloadOnly) {
  EXPECT_THAT(Value(R"("x\ud800")"), StartsWith("rejected: column v: a lone surrogate"));
  EXPECT_THAT(Value(R"("\udc00\ud800")"), StartsWith("rejected"));
  EXPECT_THAT(Value(R"("\ud800A")"), StartsWith("rejected"));
  EXPECT_EQ(Value(R"(["\ud800"])"), R"(["\ud800"])");
  EXPECT_THAT(Reason(R"({"\ud800":1})"), HasSubstr("lone surrogate"));
}

TEST(Ndjson, KeptTextIsValidatedInFull) {
  for (const char* bad : {R"({"b": tru})",
                          "[1 2,,]",
                          "[1,]",
                          R"({"a":1,})",
                          "[01]",
                          "[1.]",
                          "[.5]",
                          "[+1]",
                          "[1e]",
                          "[-]",
                          "[NaN]",
                          "[Infinity]",
                          R"(["\x"])",
                          R"(["\u12g4"])",
                          "[\"\t\"]",
                          R"(["a)",
                          "[1",
                          "{1:2}",
                          R"({"a" 1})",
                          R"({"a":})",
                          "[nul]",
                          "[}",
                          "{]",
                          "NaN",
                          "-",
                          "01",
                          "1.",
                          "tru",
                          "nulll",
                          "\x01",
                          "'a'",
                          R"([1]])",
                          "[1] 2"}) {
    EXPECT_THAT(Value(bad), StartsWith("rejected")) << bad;
  }
}

TEST(Ndjson, LinesThatAreNoObject) {
  EXPECT_THAT(Reason("[{\"a\":1}]\n"), HasSubstr("multiLine"));
  EXPECT_THAT(Reason("[\n"), HasSubstr("multiLine"));
  EXPECT_THAT(Reason("{\"a\":1},\n"), HasSubstr("multiLine"));
  EXPECT_THAT(Reason("garbage\n"), HasSubstr("not a JSON object"));
  EXPECT_THAT(Reason("5\n"), HasSubstr("not a JSON object"));
  EXPECT_THAT(Reason("{\"a\":1}{\"a\":2}\n"), HasSubstr("second object"));
  EXPECT_THAT(Reason("{\"a\":1} {\"a\":2}\n"), HasSubstr("second object"));
  EXPECT_THAT(Reason("{\"a\":\n"), HasSubstr("ends inside"));
  EXPECT_THAT(Reason("{\"a\":{\"b\":[1,"), HasSubstr("ends inside"));
  EXPECT_THAT(Reason("{\"a\":\"b"), HasSubstr("no end"));
  EXPECT_THAT(Reason("{\"a\":1}x"), HasSubstr("follows"));
}

TEST(Ndjson, BlankLinesLineEndsAndTheMissingOne) {
  const auto slice = Decode("{\"a\":1}\r\n\r\n \t\n\n  {\"a\":2}  \r\n{\"a\":3}");
  EXPECT_THAT(Texts(slice, "a"), ElementsAre("1", "2", "3"));
  EXPECT_EQ(slice.blank_lines, 3);
  EXPECT_EQ(slice.lines, 6);
  EXPECT_EQ(Decode("").lines, 0);
  EXPECT_EQ(Decode(" ").blank_lines, 1);
  EXPECT_EQ(Decode("\n").blank_lines, 1);
  EXPECT_EQ(Decode("\v\n").rejects.size(), 1u);
}

TEST(Ndjson, RejectsSayWhereAndHoldTheBytes) {
  const auto slice = Decode("{\"a\":1}\n\nbad \xFF\r\n{\"a\":2}\n{\"a\":");
  ASSERT_EQ(slice.rejects.size(), 2u);
  EXPECT_EQ(slice.rejects[0].line_number, 3);
  EXPECT_EQ(slice.rejects[0].byte_offset, 9);
  EXPECT_EQ(slice.rejects[0].bytes, "bad \xFF");
  EXPECT_EQ(slice.rejects[0].reason, "invalid UTF-8 at byte 4");
  EXPECT_EQ(slice.rejects[1].line_number, 5);
  EXPECT_EQ(slice.rejects[1].bytes, "{\"a\":");
  EXPECT_EQ(slice.rejects[1].reason, "the line ends inside the object (at byte 5)");
  EXPECT_THAT(Texts(slice, "a"), ElementsAre("1", "2"));
}

TEST(Ndjson, Utf16IsNamed) {
  using namespace std::string_view_literals;
  const auto slice = Decode("\xFF\xFE{\0\"\0a\0\"\0:\0001\0}\0\n\0{\0}\0\n\0"sv);
  EXPECT_EQ(slice.row_count, 0);
  for (const auto& reject : slice.rejects) EXPECT_THAT(reject.reason, HasSubstr("UTF-16"));
}

TEST(Ndjson, NestingIsBounded) {
  const auto nested = [](int levels) {  // the row's object is one of them
    return "{\"a\":" + std::string(static_cast<std::size_t>(levels - 1), '[') +
           std::string(static_cast<std::size_t>(levels - 1), ']') + "}\n";
  };
  EXPECT_EQ(Decode(nested(1001)).row_count, 1);
  EXPECT_EQ(Decode(nested(1024)).row_count, 1);
  EXPECT_THAT(Reason(nested(1025)), HasSubstr("nested deeper than 1024 levels"));
  EXPECT_THAT(Reason(nested(100'000)), HasSubstr("nested deeper than 1024 levels"));
  std::string objects = "{\"a\":";
  for (int i = 0; i < 1000; ++i) objects += "{\"b\":[";
  EXPECT_THAT(Reason(objects), HasSubstr("nested deeper"));
}

TEST(Ndjson, ALongLine) {
  const std::string payload = "\"" + std::string(20 << 20, 'x') + "\"";
  const auto slice = Decode("{\"a\":1}\n{\"a\":" + payload + ",\"b\":[" + payload + "]}\n{\"a\":3}\n");
  EXPECT_EQ(slice.row_count, 3);
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*slice.rows->GetColumnByName("b")).GetView(1).size(),
            payload.size() + 2);
}

TEST(Ndjson, MissingNullAndLateColumns) {
  const auto slice = Decode("{\"a\":1}\n{\"b\":null}\n{}\n{\"c\":\"x\",\"a\":4}\n");
  EXPECT_THAT(ColumnNames(slice), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Texts(slice, "a"), ElementsAre("1", "<null>", "<null>", "4"));
  EXPECT_THAT(Texts(slice, "b"), ElementsAre("<null>", "<null>", "<null>", "<null>"));
  EXPECT_THAT(Texts(slice, "c"), ElementsAre("<null>", "<null>", "<null>", "x"));
}

TEST(Ndjson, OfRepeatedKeysTheLastWins) {
  const auto slice =
      Decode("{\"a\":1,\"b\":2,\"a\":\"x\"}\n{\"Wid\":1,\"wid\":2}\n{\"WID\":3}\n{\"\\u0061\":7}\n");
  EXPECT_THAT(ColumnNames(slice), ElementsAre("a", "b", "Wid"));
  EXPECT_THAT(Texts(slice, "a"), ElementsAre("x", "<null>", "<null>", "7"));
  EXPECT_THAT(Texts(slice, "Wid"), ElementsAre("<null>", "2", "3", "<null>"));
}

TEST(Ndjson, TwoKeysForOneColumnAreRejected) {
  const auto slice =
      Decode("{\"a b\":1}\n{\"a_b\":2}\n{\"a b\":3,\"a_b\":4}\n{\"source_file\":5,\"_Source_File\":6}\n");
  EXPECT_THAT(ColumnNames(slice), ElementsAre("a_b"));
  ASSERT_EQ(slice.rejects.size(), 2u);
  EXPECT_EQ(slice.rejects[0].reason, "keys \"a b\" and \"a_b\" are both column a_b");
}

TEST(Ndjson, KnownColumnsComeFirstAndGiveTheSpelling) {
  const auto slice =
      Decode("{\"new\":1,\"WID\":2}\n", {.known = {{"gone"}, {"Wid"}, {"n", ColumnType::kBigint}}});
  EXPECT_THAT(ColumnNames(slice), ElementsAre("Wid", "new"));
}

TEST(Ndjson, ColumnsAreBoundedAndRejectedLinesLeaveNone) {
  const auto slice =
      Decode("{\"a\":1,\"x\":\"\\ud800\"}\n{\"a\":1,\"b\":2}\n{\"c\":3,\"d\":4}\n{\"c\":5}\n{\"d\":6}\n",
             {.known = {{"k"}}, .max_columns = 4});
  EXPECT_THAT(ColumnNames(slice), ElementsAre("a", "b", "c"));
  ASSERT_EQ(slice.rejects.size(), 3u);
  EXPECT_EQ(slice.rejects[1].line_number, 3);
  EXPECT_THAT(slice.rejects[1].reason, HasSubstr("\"d\": would be a column more than the 4 allowed"));
  EXPECT_THAT(Reason("{\"" + std::string(256, 'k') + "\":1}"), HasSubstr("at most 255"));
}

TEST(Ndjson, PinnedColumns) {
  const auto slice = Decode(
      "{\"wid\":\"1\",\"extra\":2,\"extra\":3}\n{\"N\":4,\"Extra\":5}\n{\"other\":1}\n{}\n{\"n\":null}\n",
      {.pinned = {{"wid"}, {"n", ColumnType::kBigint}}});
  EXPECT_THAT(Texts(slice, "wid"), ElementsAre("1", "<null>", "<null>"));
  EXPECT_THAT(Texts(slice, "n"), ElementsAre("<null>", "4", "<null>"));
  EXPECT_THAT(slice.unknown_keys, ElementsAre(std::pair("Extra", 1), std::pair("extra", 1)));
  ASSERT_EQ(slice.rejects.size(), 2u);
  EXPECT_EQ(slice.rejects[0].reason, "no pinned column in it; keys: \"other\"");
  EXPECT_EQ(slice.rejects[1].reason, "no pinned column in it; keys: none");
}

TEST(Ndjson, RequiredColumns) {
  const std::string lines =
      "{\"a\":\"1\",\"b\":\"2\"}\n{\"b\":\"3\"}\n{\"A\":null,\"b\":\"4\",\"c\":1}\n{\"A\":\"5\"}\n";
  const auto slice = Decode(lines, {.known = {{"a"}, {"b"}}, .required = {"a"}});
  EXPECT_THAT(Texts(slice, "a"), ElementsAre("1", "5"));
  EXPECT_THAT(ColumnNames(slice), ElementsAre("a", "b"));  // a rejected line leaves no column
  ASSERT_EQ(slice.rejects.size(), 2U);
  EXPECT_EQ(slice.rejects[0].line_number, 2);
  EXPECT_EQ(slice.rejects[0].bytes, "{\"b\":\"3\"}");
  EXPECT_EQ(slice.rejects[0].reason, "column a is NOT NULL in the table, and the row has no value for it");
  EXPECT_EQ(slice.rejects[1].line_number, 3);
}

TEST(Ndjson, ARequiredColumnThatIsNotPinnedTakesNoRow) {
  const auto slice = Decode("{\"a\":\"1\",\"b\":\"2\"}\n", {.pinned = {{"b"}}, .required = {"b", "a"}});
  EXPECT_EQ(slice.row_count, 0);
  EXPECT_THAT(slice.rejects.at(0).reason, HasSubstr("column a is NOT NULL"));
  EXPECT_THAT(slice.rejects.at(0).reason, HasSubstr("not among the columns"));
}

TEST(Ndjson, AForeignTypeTakesOnlyNull) {
  const auto slice = Decode("{\"a\":null,\"b\":1}\n{\"a\":3,\"b\":2}\n{\"b\":3}\n",
                            {.known = {{"a", ColumnType::kForeign}, {"b"}}});
  EXPECT_THAT(ColumnNames(slice), ElementsAre("b"));
  EXPECT_THAT(Texts(slice, "b"), ElementsAre("1", "3"));
  EXPECT_THAT(slice.rejects.at(0).reason, HasSubstr("column a: the table has it with a type"));
}

TEST(Ndjson, PinnedBigint) {
  const auto value = [](std::string_view json) { return Value(json, ColumnType::kBigint); };
  EXPECT_EQ(value("9"), "9");
  EXPECT_EQ(value("-0"), "0");
  EXPECT_EQ(value("\"9\""), "9");
  EXPECT_EQ(value("\"0009\""), "9");
  EXPECT_EQ(value("\"\\u0039\""), "9");
  EXPECT_EQ(value("null"), "<null>");
  EXPECT_EQ(value("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(value("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(value("9223372036854775808"), "rejected: column v: 9223372036854775808 is no BIGINT");
  EXPECT_EQ(value("\"abc\""), "rejected: column v: \"abc\" is no BIGINT");
  for (const char* bad : {"9.7", "9.0", "1e3", "\"\"", "\" 9\"", "\"9 \"", "\"+9\"", "\"9.0\"", "\"0x9\"",
                          "true", "[9]", "{}", "\"--9\"", "\"-\""}) {
    EXPECT_THAT(value(bad), StartsWith("rejected")) << bad;
  }
}

TEST(Ndjson, PinnedDouble) {
  const auto value = [](std::string_view json) { return Value(json, ColumnType::kDouble); };
  EXPECT_EQ(value("9"), "9");
  EXPECT_EQ(value("1.50"), "1.5");
  EXPECT_EQ(value("\"-2.5e1\""), "-25");
  EXPECT_EQ(value("-0"), "-0");
  EXPECT_EQ(value("1e-400"), "0");
  EXPECT_EQ(value("100000000000000000000000000000"), "1e+29");
  for (const char* bad : {"1e400", "-1e400", "\"1e400\"", "\"NaN\"", "\"inf\"", "\"\"", "\" 1\"", "\"1 \"",
                          "\"0x1p3\"", "\"01\"", "true", "[]", "\"1\\n\"", "\"1\\n2\""}) {
    EXPECT_THAT(value(bad), StartsWith("rejected")) << bad;
  }
}

TEST(Ndjson, PinnedBoolean) {
  const auto value = [](std::string_view json) { return Value(json, ColumnType::kBoolean); };
  EXPECT_EQ(value("true"), "true");
  EXPECT_EQ(value("false"), "false");
  EXPECT_EQ(value("\"true\""), "true");
  for (const char* bad : {"1", "0", "\"TRUE\"", "\"\"", "{}"})
    EXPECT_THAT(value(bad), StartsWith("rejected")) << bad;
}

TEST(Ndjson, WhatATypeRefusesIsShortenedBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "é";
  EXPECT_EQ(Value("\"" + text + "\"", ColumnType::kBigint),
            "rejected: column v: \"" + text.substr(0, 40) + "...\" is no BIGINT");
  EXPECT_EQ(Value("\"x" + text + "\"", ColumnType::kBigint),
            "rejected: column v: \"x" + text.substr(0, 38) + "...\" is no BIGINT");
}

}  // namespace
}  // namespace rtl::decode
