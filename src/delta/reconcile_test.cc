#include "delta/reconcile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/testing_actions.h"

namespace rtl::delta {
namespace {

constexpr std::int64_t kNowMs = 1'800'000'000'000;
constexpr std::int64_t kWeekMs = 7LL * 86'400'000;
const Timestamp kNow = FromMicros(kNowMs * 1000);

TableState Created() {
  TableState state;
  const auto advanced = Advance(state, {.version = 0, .actions = {Protocol{}, SomeMetadata()}}, kNow);
  EXPECT_TRUE(advanced) << advanced.error().message();
  return state;
}

void Apply(TableState& state, std::vector<Action> actions) {
  const Commit commit{.version = state.version + 1, .actions = std::move(actions)};
  const auto advanced = Advance(state, commit, kNow);
  EXPECT_TRUE(advanced) << advanced.error().message();
}

TEST(Reconcile, LatestReferenceOfAFileWins) {
  TableState state = Created();
  Apply(state, {SomeAdd("a"), SomeAdd("b")});
  EXPECT_EQ(state.adds.size(), 2U);

  Add retagged = SomeAdd("a");
  retagged.tags["key"] = "other";
  Apply(state, {retagged, RemoveOf(SomeAdd("b"), kNowMs, true)});
  EXPECT_EQ(state.adds.at("a").tags.at("key"), "other");
  EXPECT_FALSE(state.adds.contains("b"));
  EXPECT_TRUE(state.tombstones.contains("b"));

  Apply(state, {SomeAdd("b")});
  EXPECT_TRUE(state.adds.contains("b"));
  EXPECT_TRUE(state.tombstones.empty());
  EXPECT_EQ(state.version, 3);
}

TEST(Reconcile, OneFileSpeltTwoWays) {
  TableState state = Created();
  Apply(state, {SomeAdd("/some/path")});
  Apply(state, {Remove{.path = "file:///some/path", .deletion_timestamp_ms = kNowMs}});
  EXPECT_TRUE(state.adds.empty());
}

TEST(Reconcile, LatestTxnWinsEvenIfLower) {
  TableState state = Created();
  Apply(state, {Txn{.app_id = "a", .version = 5}, Txn{.app_id = "b", .version = 1}});
  Apply(state, {Txn{.app_id = "a", .version = 3}});
  EXPECT_EQ(state.txns.at("a").version, 3);
  EXPECT_EQ(state.txns.at("b").version, 1);
}

TEST(Reconcile, LatestMetadataReplacesAll) {
  TableState state = Created();
  Metadata metadata = SomeMetadata();
  metadata.schema.fields.pop_back();
  Apply(state, {metadata});
  EXPECT_EQ(state.metadata.schema.fields.size(), 1U);
}

TEST(Reconcile, TombstonesExpire) {
  TableState state = Created();
  Apply(state,
        {Remove{.path = "fresh", .deletion_timestamp_ms = kNowMs - kWeekMs},
         Remove{.path = "old", .deletion_timestamp_ms = kNowMs - kWeekMs - 1}, Remove{.path = "undated"}});
  EXPECT_EQ(state.tombstones.size(), 1U);
  EXPECT_TRUE(state.tombstones.contains("fresh"));
  const Timestamp later = kNow + std::chrono::milliseconds(1);
  ASSERT_TRUE(Advance(state, {.version = 2}, later));
  EXPECT_TRUE(state.tombstones.empty());
}

TEST(Reconcile, AVersionMayNotBeSkipped) {
  TableState state = Created();
  const auto advanced = Advance(state, {.version = 2}, kNow);
  ASSERT_FALSE(advanced);
  EXPECT_EQ(advanced.error().kind(), ErrorKind::kInternal);
}

TEST(Reconcile, AFailureLeavesTheStateAsItWas) {
  TableState state = Created();
  Apply(state, {SomeAdd("a")});
  const Protocol unknown{.min_reader_version = 3,
                         .min_writer_version = 7,
                         .reader_features = {"deletionVectors"},
                         .writer_features = {"deletionVectors"}};
  const auto unsupported =
      Advance(state, {.version = 2, .actions = {unknown, RemoveOf(SomeAdd("a"), kNowMs, true)}}, kNow);
  ASSERT_FALSE(unsupported);
  EXPECT_EQ(unsupported.error().kind(), ErrorKind::kUnsupported);
  const auto contradictory = Advance(state, {.version = 2, .actions = {SomeAdd("b"), SomeAdd("b")}}, kNow);
  ASSERT_FALSE(contradictory);
  EXPECT_EQ(contradictory.error().kind(), ErrorKind::kBadData);
  EXPECT_EQ(state.version, 1);
  EXPECT_EQ(state.adds.size(), 1U);
  EXPECT_EQ(state.protocol.min_reader_version, 1);
}

TEST(Reconcile, TheFirstVersionNeedsProtocolAndMetadata) {
  TableState state;
  auto advanced = Advance(state, {.version = 0, .actions = {SomeMetadata()}}, kNow);
  ASSERT_FALSE(advanced);
  EXPECT_EQ(advanced.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(advanced.error().message(), testing::HasSubstr("protocol"));
  advanced = Advance(state, {.version = 0, .actions = {Protocol{}}}, kNow);
  ASSERT_FALSE(advanced);
  EXPECT_THAT(advanced.error().message(), testing::HasSubstr("metaData"));
}

}  // namespace
}  // namespace rtl::delta
