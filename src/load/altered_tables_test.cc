// Tables that other programs have altered: columns required or retyped, features switched on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/commit_info.h"
#include "load/altered_tables.h"

namespace rtl::load {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

TEST_F(AlteredTables, RowsThatLackARequiredColumnGoToQuarantine) {
  Load("a.txt", "{\"n\":\"1\",\"w\":\"x\"}\n");
  Alter(tables_, kSnapshot, Require("w"));
  Load("a.txt", "{\"n\":\"1\",\"w\":\"x\"}\n{\"n\":\"2\"}\n{\"n\":\"3\",\"w\":\"y\"}\n");
  EXPECT_THAT(Rows(), UnorderedElementsAre("a.txt: n=1 w=x", "a.txt: n=3 w=y"));
  const auto rejected = ReadRows(tables_, "quarantine");
  ASSERT_EQ(rejected.size(), 1U);
  EXPECT_THAT(Field(rejected[0], "reason"), HasSubstr("column w is NOT NULL"));
  EXPECT_EQ(Field(rejected[0], "raw_line"), "{\"n\":\"2\"}");
  Load("b.txt", "{\"n\":\"1\"}\n");  // held: all its lines are bad
  EXPECT_THAT(Rows(), UnorderedElementsAre("a.txt: n=1 w=x", "a.txt: n=3 w=y"));
  ExpectDerivedAgree(tables_);
}

TEST_F(AlteredTables, ARuleThatComesBetweenLoadAndCommitHolds) {
  Load("a.txt", "{\"n\":\"1\",\"w\":\"x\"}\n");
  tables_.before_commit = [&] { Alter(tables_, kSnapshot, Require("w")); };
  Load("a.txt", "{\"n\":\"1\",\"w\":\"x\"}\n{\"n\":\"2\",\"w\":\"z\"}\n{\"n\":\"3\"}\n");
  EXPECT_THAT(Rows(), UnorderedElementsAre("a.txt: n=1 w=x", "a.txt: n=2 w=z"));
  EXPECT_EQ(ReadRows(tables_, "quarantine").size(), 1U);
}

TEST_F(AlteredTables, TimestampsInCommitsRise) {
  Load("a.txt", "{\"n\":\"1\"}\n");
  for (const std::string& table : kTables) {
    Alter(tables_, table, [](delta::Protocol& protocol, delta::Metadata& metadata) {
      protocol = {.min_reader_version = 1,
                  .min_writer_version = 7,
                  .writer_features = {"inCommitTimestamp", "changeDataFeed", "appendOnly", "invariants"}};
      metadata.configuration["delta.enableInCommitTimestamps"] = "true";
      metadata.configuration["delta.enableChangeDataFeed"] = "true";
    });
  }
  Load("a.txt", "{\"n\":\"2\"}\n");
  Load("b.txt", "{\"n\":\"3\"}\nbad\n");
  for (const std::string& name : kTables) {
    const delta::Table table(tables_, name);
    const auto state = table.Load();
    std::int64_t before = 0;
    for (delta::Version v = 2; v <= state->version; ++v) {
      const auto stamp = delta::InCommitTimestampOf(table.ReadCommit(v)->actions);
      if (!stamp) continue;  // before they were switched on
      EXPECT_GT(*stamp, before) << name << " " << v;
      before = *stamp;
    }
    EXPECT_GT(before, 9'000'000'000'000) << name;
  }
  ExpectDerivedAgree(tables_);
}

TEST_F(AlteredTables, AColumnOfAnotherTypeTakesNothing) {
  Load("a.txt", "{\"n\":\"1\"}\n");
  Alter(tables_, kSnapshot, [](delta::Protocol&, delta::Metadata& metadata) {
    metadata.schema.fields.push_back({"amount", "integer"});
  });
  Load("b.txt", "{\"n\":\"2\"}\n{\"n\":\"3\",\"amount\":null}\n{\"n\":\"4\",\"amount\":5}\n");
  EXPECT_THAT(Rows(), UnorderedElementsAre("a.txt: n=1", "b.txt: n=2", "b.txt: n=3"));
  EXPECT_THAT(Field(ReadRows(tables_, "quarantine").at(0), "reason"), HasSubstr("column amount"));
}

TEST_F(AlteredTables, WhatIsRefusedIsNamed) {
  Load("a.txt", "{\"n\":\"1\"}\n");
  const auto refusal = [&](const Change& change) {
    store::MemoryStore tables;
    EXPECT_TRUE(SyncOnce(source_, tables));
    Alter(tables, kSnapshot, change);
    EXPECT_TRUE(source_.Put("a.txt", "{\"n\":\"2\"}\n"));
    const auto report = SyncOnce(source_, tables);
    return report ? "loaded" : report.error().message();
  };
  EXPECT_THAT(refusal([](delta::Protocol&, delta::Metadata& m) { m.partition_columns = {"n"}; }),
              HasSubstr("partitioned by n"));
  EXPECT_THAT(refusal([](delta::Protocol& p, delta::Metadata& m) {
                p.min_writer_version = 3;
                m.configuration["delta.constraints.c"] = "n > 0";
              }),
              HasSubstr("checkConstraints"));
  EXPECT_THAT(refusal([](delta::Protocol&, delta::Metadata& m) { m.schema.fields.back().type = "string"; }),
              HasSubstr("column ingest_time was made string"));
}

TEST_F(AlteredTables, AnAppendOnlySnapshotCannotBeReplacedIn) {
  Load("a.txt", "{\"n\":\"1\"}\n");
  Alter(tables_, kSnapshot,
        [](delta::Protocol&, delta::Metadata& m) { m.configuration["delta.appendOnly"] = "true"; });
  Load("b.txt", "{\"n\":\"2\"}\n");
  EXPECT_THAT(Failure("a.txt", "{\"n\":\"3\"}\n"), HasSubstr("append-only"));
  EXPECT_THAT(Rows(), UnorderedElementsAre("a.txt: n=1", "b.txt: n=2"));
}

}  // namespace
}  // namespace rtl::load
