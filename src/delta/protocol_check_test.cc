#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/check_actions.h"
#include "delta/table.h"
#include "delta/testing_actions.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

Protocol Legacy(int reader, int writer) {
  return {.min_reader_version = reader, .min_writer_version = writer};
}

Protocol Features(std::vector<std::string> reader, std::vector<std::string> writer) {
  return {.min_reader_version = 3,
          .min_writer_version = 7,
          .reader_features = std::move(reader),
          .writer_features = std::move(writer)};
}

Metadata With(std::string key, std::string value) {
  Metadata metadata = SomeMetadata();
  metadata.configuration[std::move(key)] = std::move(value);
  return metadata;
}

std::string Refusal(const Result<>& result) {
  if (result) return "accepted";
  EXPECT_EQ(result.error().kind(), ErrorKind::kUnsupported);
  return result.error().message();
}

TEST(ProtocolCheck, ReaderVersions) {
  EXPECT_TRUE(CheckReadable(Legacy(1, 2), SomeMetadata()));
  EXPECT_TRUE(CheckReadable(Legacy(2, 5), SomeMetadata()));
  EXPECT_TRUE(CheckReadable(Legacy(2, 5), With("delta.columnMapping.mode", "none")));
  EXPECT_TRUE(CheckReadable(Legacy(2, 5), With("delta.columnMapping.mode", "name")));
  EXPECT_THAT(Refusal(CheckReadable(Legacy(4, 7), SomeMetadata())), HasSubstr("reader version 4"));
  EXPECT_THAT(Refusal(CheckReadable(Legacy(0, 7), SomeMetadata())), HasSubstr("reader version 0"));
}

TEST(ProtocolCheck, ReaderFeatures) {
  EXPECT_TRUE(CheckReadable(Features({}, {}), SomeMetadata()));
  EXPECT_TRUE(CheckReadable(Features({"deletionVectors", "timestampNtz", "vacuumProtocolCheck",
                                      "columnMapping", "v2Checkpoint", "typeWidening"},
                                     {}),
                            SomeMetadata()));
  for (const auto* feature : {"catalogManaged", "newThing"}) {
    EXPECT_THAT(Refusal(CheckReadable(Features({feature}, {}), SomeMetadata())), HasSubstr(feature));
  }
  EXPECT_TRUE(CheckReadable(Features({"columnMapping"}, {}), With("delta.columnMapping.mode", "id")));
}

TEST(CheckActions, AppendOnlyTablesKeepTheirData) {
  const Metadata append_only = With("delta.appendOnly", "true");
  const std::vector<Action> removes{InfoWith("t"), RemoveOf(SomeAdd("a"), 1, true)};
  const std::vector<Action> rearranges{InfoWith("t"), RemoveOf(SomeAdd("a"), 1, false)};
  EXPECT_THAT(Refusal(CheckActions(append_only, removes)), HasSubstr("append-only"));
  EXPECT_TRUE(CheckActions(append_only, rearranges));
  EXPECT_TRUE(CheckActions(SomeMetadata(), removes));
}

TEST(CheckActions, ACommitNeedsItsIdentity) {
  const auto checked = CheckActions(SomeMetadata(), std::vector<Action>{SomeAdd("a")});
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().kind(), ErrorKind::kInternal);
  EXPECT_EQ(TxnIdOf(std::vector<Action>{SomeAdd("a"), InfoWith("t9")}), "t9");
}

}  // namespace
}  // namespace rtl::delta
