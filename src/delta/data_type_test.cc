#include "delta/data_type.h"

#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/arrow_types.h"
#include "delta/type_changes.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

DataType TypeOf(std::string_view text) {
  const auto type = ParseType(text);
  EXPECT_TRUE(type) << text << ": " << type.error().message();
  return type.value_or(DataType());
}

TEST(DataType, Primitives) {
  EXPECT_EQ(TypeOf("long").kind, TypeKind::kLong);
  EXPECT_EQ(TypeOf("timestamp_ntz").kind, TypeKind::kTimestampNtz);
  EXPECT_EQ(TypeOf("void").kind, TypeKind::kVoid);
  const DataType decimal = TypeOf("decimal(12, 3)");
  EXPECT_EQ(decimal.precision, 12);
  EXPECT_EQ(decimal.scale, 3);
  EXPECT_EQ(ToString(TypeOf("decimal")), "decimal(10,0)");
}

constexpr const char* kNested =
    R"json({"type":"struct","fields":[
         {"name":"a","type":{"type":"array","elementType":"integer","containsNull":false},"nullable":false,
          "metadata":{"delta.columnMapping.id":5,"delta.columnMapping.physicalName":"col-a"}},
         {"name":"m","type":{"type":"map","keyType":"string",
            "valueType":{"type":"struct","fields":[{"name":"d","type":"decimal(5,2)"}]},
            "valueContainsNull":true},"nullable":true,"metadata":{}}]})json";

TEST(DataType, NestedTypesBecomeATree) {
  const DataType type = TypeOf(kNested);
  EXPECT_EQ(ToString(type), "struct<a: array<integer>, m: map<string, struct<d: decimal(5,2)>>>");
  ASSERT_EQ(type.children.size(), 2U);
  EXPECT_FALSE(type.children[0].nullable);
  EXPECT_EQ(type.children[0].id, 5);
  EXPECT_EQ(type.children[0].physical_name, "col-a");
  EXPECT_FALSE(type.children[0].type.children[0].nullable);
  EXPECT_EQ(type.children[1].physical_name, std::nullopt);
  EXPECT_EQ((*ArrowTypeOf(type))->ToString(),
            "struct<a: list<element: int32>, m: map<string, struct<d: decimal128(5, 2)>>>");
}

TEST(DataType, WhatIsNoneIsRefusedByName) {
  for (const auto* text :
       {"interval", R"({"type":"udt"})", R"json({"type":"array","elementType":"char(3)"})json"}) {
    const auto type = ParseType(text);
    ASSERT_FALSE(type) << text;
    EXPECT_EQ(type.error().kind(), ErrorKind::kUnsupported);
  }
  for (const auto* text :
       {"decimal(39,1)", "decimal(3,4)", "decimal(a,1)", R"({"type":"array"})",
        R"({"type":"map","keyType":"string"})", R"({"type":"struct"})", R"({"type":"struct","fields":[1]})",
        R"({"type":"struct","fields":[{"name":"a"}]})", R"({"type":"array","elementType":3})", "{",
        R"({"fields":[]})",
        R"({"type":"struct","fields":[{"name":"a","type":"long"},{"name":"A","type":"long"}]})"}) {
    const auto type = ParseType(text);
    ASSERT_FALSE(type) << text;
    EXPECT_EQ(type.error().kind(), ErrorKind::kBadData) << text;
  }
  const auto field = ParseTypedField(
      {.name = "x", .type = R"({"type":"struct","fields":[{"name":"y","type":"interval"}]})"});
  EXPECT_THAT(field.error().message(), HasSubstr("column x: field y: columns of type interval"));
}

TEST(DataType, VariantIsKnownAndNotReadable) {
  for (const auto* text : {"variant", R"({"type":"variant"})"}) {
    const auto arrow_type = ArrowTypeOf(TypeOf(text));
    ASSERT_FALSE(arrow_type);
    EXPECT_EQ(arrow_type.error().kind(), ErrorKind::kUnsupported);
    EXPECT_THAT(arrow_type.error().message(), HasSubstr("variant"));
  }
}

TEST(DataType, DepthIsBounded) {
  std::string text = "\"long\"";
  for (int i = 0; i < 200; ++i) text = R"({"type":"array","elementType":)" + text + "}";
  const auto type = ParseType(text);
  ASSERT_FALSE(type);
  EXPECT_EQ(type.error().kind(), ErrorKind::kUnsupported);
}

TEST(DataType, AColumnsMetadata) {
  const auto field = ParseTypedField(
      {.name = "x",
       .type = "long",
       .nullable = false,
       .metadata = R"({"delta.columnMapping.id":7,"delta.columnMapping.physicalName":"col-x"})"});
  ASSERT_TRUE(field);
  EXPECT_EQ(field->id, 7);
  EXPECT_EQ(field->physical_name, "col-x");
  EXPECT_FALSE(field->nullable);
  for (const auto* metadata :
       {"{", R"({"delta.columnMapping.id":"7"})", R"({"delta.columnMapping.id":4294967296})"}) {
    const auto bad = ParseTypedField({.name = "x", .type = "long", .metadata = metadata});
    ASSERT_FALSE(bad) << metadata;
    EXPECT_EQ(bad.error().kind(), ErrorKind::kBadData);
  }
}

TEST(TypeChanges, TheProtocolsWidenings) {
  const auto widens = [](std::string_view from, std::string_view to) {
    return IsWidening(TypeOf(from), TypeOf(to));
  };
  for (const auto& [from, to] :
       std::vector<std::pair<const char*, const char*>>{{"byte", "short"},
                                                        {"byte", "long"},
                                                        {"integer", "long"},
                                                        {"float", "double"},
                                                        {"integer", "double"},
                                                        {"date", "timestamp_ntz"},
                                                        {"decimal(5,2)", "decimal(7,3)"},
                                                        {"decimal(5,2)", "decimal(6,2)"},
                                                        {"short", "decimal(10,0)"},
                                                        {"integer", "decimal(12,2)"},
                                                        {"long", "decimal(20,0)"},
                                                        {"void", "string"}}) {
    EXPECT_TRUE(widens(from, to)) << from << " -> " << to;
  }
  for (const auto& [from, to] :
       std::vector<std::pair<const char*, const char*>>{{"long", "integer"},
                                                        {"long", "double"},
                                                        {"double", "float"},
                                                        {"date", "timestamp"},
                                                        {"integer", "string"},
                                                        {"decimal(5,2)", "decimal(5,3)"},
                                                        {"decimal(5,2)", "decimal(7,1)"},
                                                        {"integer", "decimal(9,0)"},
                                                        {"long", "decimal(19,0)"},
                                                        {"timestamp", "timestamp_ntz"}}) {
    EXPECT_FALSE(widens(from, to)) << from << " -> " << to;
  }
}

TEST(TypeChanges, AnUnknownOneInAColumnsHistoryIsNamed) {
  const auto schema = [](std::string metadata, std::string type) {
    return Schema{{{.name = "x", .type = std::move(type), .metadata = std::move(metadata)}}};
  };
  EXPECT_TRUE(
      CheckTypeChanges(schema(R"({"delta.typeChanges":[{"toType":"long","fromType":"integer"}]})", "long")));
  const std::string change = R"("metadata":{"delta.typeChanges":[{"toType":"string","fromType":"integer"}]})";
  for (const Schema& bad :
       {schema(R"({"delta.typeChanges":[{"toType":"string","fromType":"integer"}]})", "string"),
        schema("", R"({"type":"struct","fields":[{"name":"y","type":"string",)" + change + "}]}")}) {
    const auto checked = CheckTypeChanges(bad);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().kind(), ErrorKind::kUnsupported);
    EXPECT_EQ(checked.error().message(), "column x: its type was changed from integer to string");
  }
}

}  // namespace
}  // namespace rtl::delta
