#include "delta/column_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/testing_actions.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

const Protocol kMapping{.min_reader_version = 2, .min_writer_version = 5};

std::string MappedAs(int id, std::string_view name) {
  return fmt::format(R"({{"delta.columnMapping.id":{},"delta.columnMapping.physicalName":"{}"}})", id, name);
}

Metadata Mapped(std::string mode = "name") {
  Metadata metadata = SomeMetadata();
  metadata.configuration = {{"delta.columnMapping.mode", std::move(mode)},
                            {"delta.columnMapping.maxColumnId", "4"}};
  metadata.schema.fields[0].metadata = MappedAs(1, "old name");
  metadata.schema.fields[1].metadata = MappedAs(4, "n");
  return metadata;
}

std::string Failure(const Result<ColumnMapping>& result) {
  return result ? "" : result.error().message();
}

TEST(ColumnMapping, NamesAndIds) {
  for (const auto* mode : {"name", "id"}) {
    const auto mapping = ColumnMapping::Of(kMapping, Mapped(mode));
    ASSERT_TRUE(mapping) << mode;
    EXPECT_EQ(mapping->mode(), mode == std::string("id") ? MappingMode::kId : MappingMode::kName);
    EXPECT_EQ(*mapping->Find("wid"), (MappedColumn{"wid", "old name", 1}));
    EXPECT_EQ(mapping->Find("old name"), nullptr);
    EXPECT_EQ(mapping->FindPhysical("old name")->name, "wid");
    EXPECT_EQ(mapping->FindPhysical("wid"), nullptr);
  }
}

TEST(ColumnMapping, IsOffWithoutModeOrProtocol) {
  for (const auto& [protocol, mode] :
       {std::pair(kMapping, "none"), std::pair(Protocol{}, "name"),
        std::pair(Protocol{.min_reader_version = 3, .min_writer_version = 7}, "id")}) {
    const auto mapping = ColumnMapping::Of(protocol, Mapped(mode));
    ASSERT_TRUE(mapping);
    EXPECT_FALSE(mapping->maps());
    EXPECT_EQ(*mapping->Find("wid"), (MappedColumn{"wid", "wid", std::nullopt}));
  }
}

TEST(ColumnMapping, ColumnsMustBeMappedOnce) {
  const auto with = [](std::string metadata_json) {
    Metadata metadata = Mapped();
    metadata.schema.fields[1].metadata = std::move(metadata_json);
    return Failure(ColumnMapping::Of(kMapping, metadata));
  };
  EXPECT_EQ(with(MappedAs(2, "x")), "");
  EXPECT_THAT(with(""), HasSubstr("column n has no delta.columnMapping.id"));
  EXPECT_THAT(with(R"({"delta.columnMapping.id":2})"), HasSubstr("no delta.columnMapping.physicalName"));
  EXPECT_THAT(with(MappedAs(1, "x")), HasSubstr("as another column is"));
  EXPECT_THAT(with(MappedAs(2, "old name")), HasSubstr("as another column is"));
  EXPECT_THAT(with(MappedAs(-2, "x")), HasSubstr("no column id"));
  EXPECT_THAT(with("{"), HasSubstr("not JSON"));
  EXPECT_THAT(Failure(ColumnMapping::Of(kMapping, Mapped("position"))), HasSubstr("\"position\""));
}

TEST(MapNewColumns, GivesTheNextIdsAndNewNames) {
  Metadata metadata = Mapped();
  metadata.schema.fields.insert(metadata.schema.fields.begin(), {.name = "new", .type = "string"});
  metadata.schema.fields.push_back({.name = "old name", .type = "long", .metadata = R"({"comment":"c"})"});
  ASSERT_TRUE(MapNewColumns(kMapping, metadata));
  EXPECT_EQ(metadata.configuration["delta.columnMapping.maxColumnId"], "6");
  EXPECT_THAT(metadata.schema.fields[3].metadata, testing::StartsWith(R"({"comment":"c",)"));
  const auto mapping = ColumnMapping::Of(kMapping, metadata);
  ASSERT_TRUE(mapping) << mapping.error().message();
  EXPECT_EQ(mapping->Find("new")->id, 5);
  EXPECT_EQ(mapping->Find("old name")->id, 6);
  EXPECT_THAT(mapping->Find("new")->physical_name, testing::StartsWith("col-"));
  EXPECT_EQ(*mapping->Find("wid"), (MappedColumn{"wid", "old name", 1}));
}

TEST(MapNewColumns, IdsOnceGivenOutAreNotGivenAgain) {
  Metadata metadata = Mapped();
  metadata.configuration.erase("delta.columnMapping.maxColumnId");
  metadata.schema.fields.push_back(
      {.name = "nested",
       .type = R"({"type":"struct","fields":[{"name":"x","metadata":{"delta.columnMapping.id":17}}]})",
       .metadata = MappedAs(16, "col-nested")});
  metadata.schema.fields.push_back({.name = "new", .type = "string"});
  ASSERT_TRUE(MapNewColumns(kMapping, metadata));
  EXPECT_EQ(ColumnMapping::Of(kMapping, metadata)->Find("new")->id, 18);
  // A column that was dropped keeps its id.
  metadata.configuration["delta.columnMapping.maxColumnId"] = "40";
  metadata.schema.fields.push_back({.name = "newer", .type = "string"});
  ASSERT_TRUE(MapNewColumns(kMapping, metadata));
  EXPECT_EQ(ColumnMapping::Of(kMapping, metadata)->Find("newer")->id, 41);
}

TEST(MapNewColumns, WhatItCannotDo) {
  Metadata plain = SomeMetadata();
  ASSERT_TRUE(MapNewColumns(kMapping, plain));
  EXPECT_EQ(ToSchemaString(plain.schema), ToSchemaString(SomeMetadata().schema));
  Metadata nested = Mapped();
  nested.schema.fields.push_back({.name = "x", .type = R"({"type":"struct","fields":[]})"});
  EXPECT_FALSE(MapNewColumns(kMapping, nested));
  Metadata bad = Mapped();
  bad.configuration["delta.columnMapping.maxColumnId"] = "many";
  EXPECT_FALSE(MapNewColumns(kMapping, bad));
  Metadata full = Mapped();
  full.configuration["delta.columnMapping.maxColumnId"] = "2147483647";
  full.schema.fields.push_back({.name = "x", .type = "string"});
  EXPECT_FALSE(MapNewColumns(kMapping, full));
}

}  // namespace
}  // namespace rtl::delta
