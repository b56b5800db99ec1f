// Tables whose columns other programs have mapped, renamed or dropped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/column_mapping.h"
#include "load/altered_tables.h"

namespace rtl::load {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

using MappedTables = AlteredTables;

TEST_F(MappedTables, MappedColumnsGetTheirNamesAndIds) {
  Load("a.txt", "{\"n\":\"1\"}\n");
  Alter(tables_, kSnapshot, MapByName);
  Load("b.txt", "{\"n\":\"2\"}\n");
  EXPECT_THAT(NewestFile(kSnapshot),
              ElementsAre("n:1", "source_file:2", "source_version:3", "file_version:4", "ingest_time:5"));
  Load("c.txt", "{\"n\":\"3\",\"new\":\"x\"}\n");
  const auto state = delta::Table(tables_, kSnapshot).Load();
  const auto mapping = delta::ColumnMapping::Of(state->protocol, state->metadata);
  ASSERT_TRUE(mapping) << mapping.error().message();
  const delta::MappedColumn added = *mapping->Find("new");
  EXPECT_EQ(added.id, 6);
  EXPECT_EQ(state->metadata.configuration.at("delta.columnMapping.maxColumnId"), "6");
  EXPECT_THAT(added.physical_name, testing::StartsWith("col-"));
  EXPECT_THAT(NewestFile(kSnapshot), testing::Contains(added.physical_name + ":6"));
  EXPECT_THAT(Rows(), UnorderedElementsAre("a.txt: n=1", "b.txt: n=2", "c.txt: n=3 new=x"));
  for (const delta::Add& add : state->files.Sorted()) {
    if (add.tags.at("rtloader.sourceFile") != "c.txt") continue;
    EXPECT_THAT(add.stats, HasSubstr(fmt::format("\"{}\":\"x\"", added.physical_name)));
  }
  EXPECT_THAT(Rows("customer_data_raw"),
              UnorderedElementsAre("a.txt: n=1", "b.txt: n=2", "c.txt: n=3 new=x"));
  ExpectDerivedAgree(tables_);
}

TEST_F(MappedTables, AKeyIsTheLogicalName) {
  Load("a.txt", "{\"n\":\"1\",\"w\":\"x\"}\n");
  Alter(tables_, kSnapshot, MapByName);
  Alter(tables_, kSnapshot, Rename("n", "number"));
  Load("b.txt", "{\"number\":\"2\",\"w\":\"y\"}\n");
  Load("c.txt", "{\"n\":\"3\"}\n");
  EXPECT_THAT(Rows(), UnorderedElementsAre("a.txt: number=1 w=x", "b.txt: number=2 w=y", "c.txt: n=3"));
  Alter(tables_, kSnapshot, [](delta::Protocol&, delta::Metadata& metadata) {
    std::erase_if(metadata.schema.fields, [](const delta::Field& field) { return field.name == "w"; });
  });
  Load("d.txt", "{\"w\":\"again\"}\n");
  EXPECT_THAT(Rows(),
              UnorderedElementsAre("a.txt: number=1", "b.txt: number=2", "c.txt: n=3", "d.txt: w=again"));
  ExpectDerivedAgree(tables_);
}

TEST_F(MappedTables, AMappingThatComesBetweenLoadAndCommitHolds) {
  Load("a.txt", "{\"n\":\"1\"}\n");
  tables_.before_commit = [&] { Alter(tables_, kSnapshot, MapByName); };
  Load("a.txt", "{\"n\":\"2\"}\n");
  EXPECT_THAT(NewestFile(kSnapshot), testing::Contains("n:1"));
  EXPECT_THAT(Rows(), ElementsAre("a.txt: n=2"));
}

TEST_F(MappedTables, DerivedTablesMayBeMappedInTheirOwnWay) {
  Load("a.txt", "{\"n\":\"1\"}\n");
  for (const std::string& table : kTables) {
    if (table != kSnapshot) Alter(tables_, table, MapByName);
  }
  Alter(tables_, "file_log", Rename("error", "problem"));
  EXPECT_THAT(Failure("b.txt", "{\"n\":\"2\"}\n"), HasSubstr("column error was dropped or renamed"));
  Alter(tables_, "file_log", Rename("problem", "error"));
  Alter(tables_, "customer_data_raw", Rename("n", "was n"));
  Load("b.txt", "{\"n\":\"2\",\"x\":\"y\"}\nbad\n{\"n\":\"3\"}\n");
  Load("a.txt", "{\"n\":\"4\"}\n");
  EXPECT_THAT(Rows("customer_data_raw"),
              UnorderedElementsAre("a.txt: was n=1", "b.txt: n=2 x=y", "b.txt: n=3", "a.txt: n=4"));
  EXPECT_THAT(NewestFile("quarantine"), testing::Contains("reason:6"));
  EXPECT_THAT(NewestFile("file_records"), testing::Contains("file_id:1"));
  EXPECT_THAT(NewestFile("file_log"), testing::Contains("file_path:1"));
  EXPECT_EQ(ReadRows(tables_, "quarantine").size(), 1U);
}

}  // namespace
}  // namespace rtl::load
