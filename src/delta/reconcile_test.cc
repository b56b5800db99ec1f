#include "delta/reconcile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/testing_actions.h"

namespace rtl::delta {
namespace {

constexpr std::int64_t kNowMs = 1'800'000'000'000;

TableState Created() {
  TableState state;
  const auto advanced = Advance(state, {.version = 0, .actions = {Protocol{}, SomeMetadata()}});
  EXPECT_TRUE(advanced) << advanced.error().message();
  return state;
}

void Apply(TableState& state, std::vector<Action> actions) {
  const Commit commit{.version = state.version + 1, .actions = std::move(actions)};
  const auto advanced = Advance(state, commit);
  EXPECT_TRUE(advanced) << advanced.error().message();
}

TEST(Reconcile, LatestReferenceOfAFileWins) {
  TableState state = Created();
  Apply(state, {SomeAdd("a"), SomeAdd("b")});
  EXPECT_EQ(state.files.size(), 2U);

  Add retagged = SomeAdd("a");
  retagged.tags["key"] = "other";
  Apply(state, {retagged, RemoveOf(SomeAdd("b"), kNowMs, true)});
  EXPECT_EQ(state.files.Find("a")->tags.at("key"), "other");
  EXPECT_FALSE(state.files.Contains("b"));

  Apply(state, {SomeAdd("b")});
  EXPECT_TRUE(state.files.Contains("b"));
  EXPECT_EQ(state.version, 3);
}

TEST(Reconcile, OneFileSpeltTwoWays) {
  TableState state = Created();
  Apply(state, {SomeAdd("/some/path")});
  Apply(state, {Remove{.path = "file:///some/path", .deletion_timestamp_ms = kNowMs}});
  EXPECT_TRUE(state.files.empty());
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

TEST(Reconcile, ADeletionVectorMakesAnotherLogicalFile) {
  TableState state = Created();
  Apply(state, {SomeAdd("a")});
  Add struck = SomeAdd("a");
  struck.deletion_vector = {
      .storage_type = 'i', .path_or_inline = "xxx", .size_in_bytes = 3, .cardinality = 1};
  const auto twice = Advance(state, {.version = 2, .actions = {struck}});
  ASSERT_FALSE(twice) << "without a remove both would be active";
  EXPECT_EQ(twice.error().kind(), ErrorKind::kBadData);

  Apply(state, {RemoveOf(SomeAdd("a"), kNowMs, true), struck});
  EXPECT_EQ(state.files.Find("a")->deletion_vector, struck.deletion_vector);
  Apply(state, {RemoveOf(SomeAdd("a"), kNowMs, true)});
  EXPECT_TRUE(state.files.Contains("a")) << "that logical file is gone already";
  Apply(state, {RemoveOf(struck, kNowMs, true)});
  EXPECT_TRUE(state.files.empty());
}

TEST(Reconcile, DomainsReplaceAndEnd) {
  TableState state = Created();
  Apply(state, {DomainMetadata{.domain = "d", .configuration = "1"}});
  Apply(state, {DomainMetadata{.domain = "d", .configuration = "2"}});
  EXPECT_EQ(state.domains.at("d").configuration, "2");
  Apply(state, {DomainMetadata{.domain = "d", .removed = true}});
  EXPECT_TRUE(state.domains.empty());
}

TEST(Reconcile, AVersionMayNotBeSkipped) {
  TableState state = Created();
  const auto advanced = Advance(state, {.version = 2});
  ASSERT_FALSE(advanced);
  EXPECT_EQ(advanced.error().kind(), ErrorKind::kInternal);
}

TEST(Reconcile, AFailureLeavesTheStateAsItWas) {
  TableState state = Created();
  Apply(state, {SomeAdd("a")});
  const Protocol unknown{.min_reader_version = 3,
                         .min_writer_version = 7,
                         .reader_features = {"someFeature"},
                         .writer_features = {"someFeature"}};
  const auto unsupported =
      Advance(state, {.version = 2, .actions = {unknown, RemoveOf(SomeAdd("a"), kNowMs, true)}});
  ASSERT_FALSE(unsupported);
  EXPECT_EQ(unsupported.error().kind(), ErrorKind::kUnsupported);
  const auto contradictory = Advance(state, {.version = 2, .actions = {SomeAdd("b"), SomeAdd("b")}});
  ASSERT_FALSE(contradictory);
  EXPECT_EQ(contradictory.error().kind(), ErrorKind::kBadData);
  EXPECT_EQ(state.version, 1);
  EXPECT_EQ(state.files.size(), 1U);
  EXPECT_EQ(state.protocol.min_reader_version, 1);
}

TEST(Reconcile, TheFirstVersionNeedsProtocolAndMetadata) {
  TableState state;
  auto advanced = Advance(state, {.version = 0, .actions = {SomeMetadata()}});
  ASSERT_FALSE(advanced);
  EXPECT_EQ(advanced.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(advanced.error().message(), testing::HasSubstr("protocol"));
  advanced = Advance(state, {.version = 0, .actions = {Protocol{}}});
  ASSERT_FALSE(advanced);
  EXPECT_THAT(advanced.error().message(), testing::HasSubstr("metaData"));
}

}  // namespace
}  // namespace rtl::delta
