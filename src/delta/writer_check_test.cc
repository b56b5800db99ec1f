#include "delta/writer_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/required_columns.h"
#include "delta/table.h"
#include "delta/testing_actions.h"

namespace rtl::delta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Protocol Legacy(int writer) {
  return {.min_reader_version = 1, .min_writer_version = writer};
}

Protocol Features(std::vector<std::string> writer) {
  return {.min_reader_version = 3, .min_writer_version = 7, .writer_features = std::move(writer)};
}

Metadata With(std::map<std::string, std::string> properties) {
  Metadata metadata = SomeMetadata();
  metadata.configuration = std::move(properties);
  return metadata;
}

Metadata WithColumn(std::string json, std::string type = "string") {
  Metadata metadata = SomeMetadata();
  metadata.schema.fields[0].metadata = std::move(json);
  metadata.schema.fields[0].type = std::move(type);
  return metadata;
}

Metadata WithInvariant(std::string_view expression) {
  return WithColumn(
      fmt::format(R"({{"delta.invariants":"{{\"expression\":{{\"expression\":\"{}\"}}}}"}})", expression));
}

std::string Verdict(const Result<>& result) {
  if (result) return "written";
  EXPECT_EQ(result.error().kind(), ErrorKind::kUnsupported);
  return result.error().message();
}

// One row a feature: what activates it, and what becomes of the table while it is inactive and active.
struct Case {
  const char* feature;
  int since;  // legacy writer version that brings it along; 0: none
  bool inactive;
  bool active;
  Metadata activated;
};

std::vector<Case> Cases() {
  const Metadata plain = SomeMetadata();
  return {
      {"appendOnly", 2, true, true, With({{"delta.appendOnly", "true"}})},
      {"invariants", 2, true, true, WithInvariant("wid IS NOT NULL")},
      {"invariants", 2, true, false, WithInvariant("wid > 3")},
      {"checkConstraints", 3, true, false, With({{"delta.constraints.a", "n > 0"}})},
      {"changeDataFeed", 4, true, true, With({{"delta.enableChangeDataFeed", "true"}})},
      {"generatedColumns", 4, true, false, WithColumn(R"({"delta.generationExpression":"n"})")},
      {"columnMapping", 5, true, true, With({{"delta.columnMapping.mode", "name"}})},
      {"columnMapping", 5, true, true, With({{"delta.columnMapping.mode", "id"}})},
      {"columnMapping", 5, true, false, With({{"delta.columnMapping.mode", "position"}})},
      {"identityColumns", 6, true, false, WithColumn(R"({"delta.identity.start":1})")},
      {"deletionVectors", 0, true, true, With({{"delta.enableDeletionVectors", "true"}})},
      {"inCommitTimestamp", 0, true, true, With({{"delta.enableInCommitTimestamps", "true"}})},
      {"allowColumnDefaults", 0, true, false, WithColumn(R"({"CURRENT_DEFAULT":"'x'"})")},
      {"icebergCompatV1", 0, true, false, With({{"delta.enableIcebergCompatV1", "true"}})},
      {"icebergCompatV2", 0, true, false, With({{"delta.enableIcebergCompatV2", "true"}})},
      {"typeWidening", 0, true, true, WithColumn(R"({"delta.typeChanges":[]})", "long")},
      // Supported is active.
      {"domainMetadata", 0, true, true, plain},
      {"v2Checkpoint", 0, true, true, plain},
      {"timestampNtz", 0, true, true, plain},
      {"vacuumProtocolCheck", 0, true, true, plain},
      {"rowTracking", 0, false, false, With({{"delta.enableRowTracking", "true"}})},
      {"clustering", 0, false, false, plain},
      {"catalogManaged", 0, false, false, plain},
      {"catalogOwned-preview", 0, false, false, plain},
      {"variantType", 0, false, false, plain},
      {"variantType-preview", 0, false, false, plain},
      {"variantShredding", 0, false, false, plain},
      {"checkpointProtection", 0, false, false, plain},
      {"icebergCompatV3", 0, false, false, plain},
      {"somethingNew", 0, false, false, plain},
  };
}

TEST(WriterCheck, EveryFeature) {
  for (const Case& each : Cases()) {
    SCOPED_TRACE(testing::Message() << each.feature << " " << each.activated.schema.fields[0].metadata);
    const std::string refused = fmt::format("cannot be written: it uses table feature {}", each.feature);
    const auto expect = [&](bool written, const Protocol& protocol, const Metadata& metadata) {
      const std::string verdict = Verdict(CheckWriterFeatures(protocol, metadata));
      if (written) {
        EXPECT_EQ(verdict, "written");
      } else {
        EXPECT_THAT(verdict, HasSubstr("this table cannot be written"));
        EXPECT_THAT(verdict, testing::AnyOf(HasSubstr(refused), HasSubstr("mode \"position\""),
                                            HasSubstr("table feature invariants is evaluated only")));
      }
    };
    expect(each.inactive, Features({each.feature}), SomeMetadata());
    expect(each.active, Features({each.feature}), each.activated);
    expect(true, Features({}), each.activated);  // what is not supported binds nobody
    for (int version = 1; version <= 6; ++version) {
      const bool brings_it = each.since != 0 && version >= each.since;
      expect(!brings_it || each.active, Legacy(version), each.activated);
    }
  }
}

TEST(WriterCheck, VersionsBeyondTheProtocol) {
  EXPECT_THAT(Verdict(CheckWriterFeatures(Legacy(8), SomeMetadata())), HasSubstr("writer version 8"));
  EXPECT_THAT(Verdict(CheckWriterFeatures(Legacy(0), SomeMetadata())), HasSubstr("writer version 0"));
}

TEST(WriterCheck, ListsOfFeaturesCountInVersion7Alone) {
  Protocol protocol = Legacy(2);
  protocol.writer_features = {"rowTracking"};
  EXPECT_TRUE(CheckWriterFeatures(protocol, SomeMetadata()));
}

// Protocol, "Row Tracking": "writers should not assign" ids while they are suspended.
TEST(WriterCheck, SuspendedRowTrackingAsksForNothing) {
  const Protocol protocol = Features({"rowTracking", "domainMetadata"});
  EXPECT_TRUE(CheckWriterFeatures(protocol, With({{"delta.rowTrackingSuspended", "true"}})));
  EXPECT_FALSE(CheckWriterFeatures(
      protocol, With({{"delta.rowTrackingSuspended", "true"}, {"delta.enableRowTracking", "true"}})));
}

TEST(WriterCheck, ReadingComesFirst) {
  const Protocol protocol{.min_reader_version = 3,
                          .min_writer_version = 7,
                          .reader_features = {"catalogManaged"},
                          .writer_features = {"catalogManaged"}};
  EXPECT_THAT(Verdict(CheckWritable(protocol, SomeMetadata())), HasSubstr("cannot be read"));
}

TEST(RequiredColumns, NotNullAndInvariants) {
  Metadata metadata = WithInvariant(" `WID`  is not NULL ");
  EXPECT_THAT(*RequiredColumns(Legacy(2), metadata), ElementsAre("wid"));
  EXPECT_THAT(*RequiredColumns(Legacy(1), metadata), ElementsAre());
  metadata.schema.fields[1].nullable = false;
  EXPECT_THAT(*RequiredColumns(Legacy(2), metadata), ElementsAre("wid", "n"));
  EXPECT_THAT(*RequiredColumns(Legacy(1), metadata), ElementsAre("n"));
  EXPECT_THAT(*RequiredColumns(Legacy(2), SomeMetadata()), ElementsAre());
}

TEST(RequiredColumns, OtherExpressionsAreRefusedByName) {
  for (const auto* expression : {"wid > 3", "n IS NOT NULL", "wid IS NULL", "widIS NOT NULL", "IS NOT NULL",
                                 "NULL", "", "wid IS NOT NULL AND n > 0", "NOT (wid IS NOT NULL"}) {
    const auto required = RequiredColumns(Legacy(2), WithInvariant(expression));
    ASSERT_FALSE(required) << expression;
    EXPECT_EQ(required.error().kind(), ErrorKind::kUnsupported);
    EXPECT_THAT(required.error().message(), HasSubstr("column wid"));
  }
  const auto nested = RequiredColumns(
      Legacy(2), WithColumn("", R"({"type":"struct","fields":[{"metadata":{"delta.invariants":"{}"}}]})"));
  ASSERT_FALSE(nested);
  EXPECT_THAT(nested.error().message(), HasSubstr("nested"));
}

TEST(RequiredColumns, UnreadableInvariants) {
  for (const auto* text : {R"({"delta.invariants":1})", R"({"delta.invariants":"{"})",
                           R"({"delta.invariants":"{}"})", R"({"delta.invariants":"[]"})"}) {
    const auto required = RequiredColumns(Legacy(2), WithColumn(text));
    ASSERT_FALSE(required) << text;
    EXPECT_EQ(required.error().kind(), ErrorKind::kBadData);
  }
}

}  // namespace
}  // namespace rtl::delta
