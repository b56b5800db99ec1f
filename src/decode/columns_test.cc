#include "decode/columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rtl::decode {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Columns, PinnedOnesAreParsed) {
  const auto columns = ParsePinnedColumns(" wid STRING,n  bigint ,d Double\n, b BOOLEAN");
  ASSERT_TRUE(columns.has_value());
  EXPECT_THAT(*columns, ElementsAre(Column{"wid"}, Column{"n", ColumnType::kBigint},
                                    Column{"d", ColumnType::kDouble}, Column{"b", ColumnType::kBoolean}));
}

TEST(Columns, WhatIsWrongIsNamed) {
  for (const auto& [text, part] :
       {std::pair("", "\"\""), std::pair("wid", "\"wid\""), std::pair("wid STRING,", "\"\""),
        std::pair("a STRING, b INT", "\"INT\""), std::pair("a STRING, A BIGINT", "\"A\""),
        std::pair("Source_File STRING", "\"Source_File\""), std::pair("a;b STRING", "\"a;b\""),
        std::pair("a b STRING", "\"a b\""), std::pair("\xC3\x89 STRING, \xC3\xA9 STRING", "\xC3\xA9")}) {
    const auto columns = ParsePinnedColumns(text);
    ASSERT_FALSE(columns.has_value()) << text;
    EXPECT_EQ(columns.error().kind(), ErrorKind::kBadConfig);
    EXPECT_THAT(columns.error().message(), HasSubstr(part));
  }
}

TEST(Columns, NamesForKeys) {
  EXPECT_EQ(ColumnNameFor("wid"), "wid");
  EXPECT_EQ(ColumnNameFor(""), "_");
  EXPECT_EQ(ColumnNameFor("a ,;{}()=\t\n\rb"), "a___________b");
  EXPECT_EQ(ColumnNameFor(std::string_view("a\0b", 3)), "a_b");
  EXPECT_EQ(ColumnNameFor("ingest_time"), "_ingest_time");
  EXPECT_EQ(ColumnNameFor("File Version"), "_File_Version");
  EXPECT_EQ(ColumnNameFor("d\xC3\xA9j\xC3\xA0.vu"), "d\xC3\xA9j\xC3\xA0.vu");
}

TEST(Columns, CaseIsFoldedByUnicode) {
  EXPECT_EQ(FoldCase("Ut_ID"), "ut_id");
  EXPECT_EQ(FoldCase("ÀÉÎÕÜ Σ Ж Ա"), "àéîõü σ ж ա");
  EXPECT_EQ(FoldCase("Āā Ĺĺ Ǆǅǆ"), "āā ĺĺ ǆǆǆ");
  EXPECT_EQ(FoldCase("×ß日"), "×ß日");
  EXPECT_EQ(FoldCase("\xF0\x90\x90\x80"), "\xF0\x90\x90\xA8");  // U+10400, U+10428
  EXPECT_EQ(FoldCase("\xC4\xB0"), "i");                         // U+0130
  EXPECT_EQ(FoldCase("\xE2\x84\xAA"), "k");                     // the Kelvin sign
}

}  // namespace
}  // namespace rtl::decode
