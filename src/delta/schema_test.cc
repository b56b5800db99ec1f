#include "delta/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rtl::delta {
namespace {

TEST(Schema, ReadsBackWhatItWrote) {
  const std::string text =
      R"({"type":"struct","fields":[{"name":"a","type":"string","nullable":false,"metadata":{"comment":"x \"y\""}},)"
      R"({"name":"b","type":{"type":"array","elementType":"long","containsNull":true},"nullable":true,"metadata":{}}]})";
  const auto schema = ParseSchema(text);
  ASSERT_TRUE(schema) << schema.error().message();
  ASSERT_EQ(schema->fields.size(), 2U);
  EXPECT_FALSE(schema->fields[0].nullable);
  EXPECT_EQ(schema->fields[1].metadata, "");
  EXPECT_EQ(ToSchemaString(*schema), text);
}

TEST(Schema, FindsByExactSpelling) {
  const Schema schema{{{.name = "Aa", .type = "long"}}};
  ASSERT_NE(schema.Find("Aa"), nullptr);
  EXPECT_EQ(schema.Find("Aa")->type, "long");
  EXPECT_EQ(schema.Find("aa"), nullptr);
}

TEST(Schema, RefusesWhatIsNone) {
  for (const auto* text :
       {"", "[]", "{}", R"({"fields":{}})", R"({"fields":[1]})", R"({"fields":[{"name":"a"}]})",
        R"({"fields":[{"type":"long"}]})", R"({"fields":[{"name":"a","type":1}]})",
        R"({"fields":[{"name":"a","type":"long"},{"name":"A","type":"long"}]})"}) {
    const auto schema = ParseSchema(text);
    ASSERT_FALSE(schema) << text;
    EXPECT_EQ(schema.error().kind(), ErrorKind::kBadData);
  }
}

}  // namespace
}  // namespace rtl::delta
