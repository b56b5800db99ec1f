#include "load/generations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rtl::load {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kSettings = "s";

Timestamp At(int second) {
  return FromMicros(1'700'000'000'000'000LL + second * 1'000'000LL);
}

// Version `id` uploaded at second `at`; "-id" is a delete marker.
Generation Made(std::string id, int at) {
  Generation generation;
  generation.is_delete = id.starts_with('-');
  generation.object.key = generation.object.source_file = "k";
  generation.object.version = {generation.is_delete ? "" : "etag-" + id, std::move(id), true};
  generation.object.uploaded_at = At(at);
  generation.object.size = 10;
  return generation;
}

KeyAccount After(EntryOutcome outcome, const std::string& id, int at, bool with_rows = true) {
  KeyAccount account;
  LedgerEntry entry;
  entry.outcome = outcome;
  entry.version = Made(id, at).object.version;
  entry.uploaded_at = At(at);
  entry.size = 10;
  entry.file_version = 1;
  if (with_rows && outcome != EntryOutcome::kDeleted) {
    entry.row_count = 3;
    FileTag tag;
    tag.file_version = 1;
    tag.rows = 3;
    account.files.push_back({.add = {}, .tag = tag, .file_version = 1});
  }
  account.last = entry;
  return account;
}

std::vector<std::string> Ids(const std::deque<Generation>& generations) {
  std::vector<std::string> ids;
  for (const Generation& generation : generations) ids.push_back(generation.object.version.version_id);
  return ids;
}

TEST(NewGenerations, EverythingWhenNothingIsKnownOldestFirst) {
  EXPECT_THAT(Ids(NewGenerations({}, {Made("c", 3), Made("b", 2), Made("a", 1)}, kSettings)),
              ElementsAre("a", "b", "c"));
  EXPECT_THAT(Ids(NewGenerations({}, {}, kSettings)), IsEmpty());
}

TEST(NewGenerations, WhatCameAfterTheLastKnown) {
  const KeyAccount account = After(EntryOutcome::kLoaded, "a", 1);
  EXPECT_THAT(
      Ids(NewGenerations(account, {Made("c", 3), Made("b", 2), Made("a", 1), Made("z", 0)}, kSettings)),
      ElementsAre("b", "c"));
  EXPECT_THAT(Ids(NewGenerations(account, {Made("a", 1), Made("z", 0)}, kSettings)), IsEmpty());
}

TEST(NewGenerations, TheTimeOfUploadIdentifiesNothing) {
  // All in one second, the known one in the middle.
  const KeyAccount account = After(EntryOutcome::kLoaded, "b", 1);
  EXPECT_THAT(Ids(NewGenerations(account, {Made("c", 1), Made("b", 1), Made("a", 1)}, kSettings)),
              ElementsAre("c"));
}

TEST(NewGenerations, DeletesAreMirroredInTheirTurn) {
  const KeyAccount account = After(EntryOutcome::kLoaded, "a", 1);
  EXPECT_THAT(
      Ids(NewGenerations(account, {Made("c", 4), Made("-y", 3), Made("-x", 2), Made("a", 1)}, kSettings)),
      ElementsAre("-x", "c"));
  EXPECT_THAT(Ids(NewGenerations(account, {Made("-x", 2), Made("a", 1)}, kSettings)), ElementsAre("-x"));
  const KeyAccount deleted = After(EntryOutcome::kDeleted, "-x", 2);
  EXPECT_THAT(Ids(NewGenerations(deleted, {Made("-y", 3), Made("-x", 2), Made("a", 1)}, kSettings)),
              IsEmpty());
  EXPECT_THAT(Ids(NewGenerations(deleted, {Made("b", 3), Made("-x", 2), Made("a", 1)}, kSettings)),
              ElementsAre("b"));
  EXPECT_THAT(Ids(NewGenerations({}, {Made("a", 2), Made("-x", 1)}, kSettings)), ElementsAre("a"));
}

TEST(NewGenerations, ADeleteThatAHeadNoticedNamesNoMarker) {
  const KeyAccount deleted = After(EntryOutcome::kDeleted, "", 2);
  EXPECT_THAT(Ids(NewGenerations(deleted, {Made("b", 3), Made("-x", 2), Made("a", 1)}, kSettings)),
              ElementsAre("b"));
  EXPECT_THAT(Ids(NewGenerations(deleted, {Made("c", 4), Made("b", 3)}, kSettings)), ElementsAre("b", "c"));
}

TEST(NewGenerations, WhenTheLastKnownIsGoneTheNewestAndWhatIsYounger) {
  const KeyAccount account = After(EntryOutcome::kLoaded, "b", 5);
  // A lifecycle rule removed b.
  EXPECT_THAT(Ids(NewGenerations(account, {Made("e", 8), Made("d", 7), Made("c", 6)}, kSettings)),
              ElementsAre("c", "d", "e"));
  // A person removed b, the version before it is the latest again.
  EXPECT_THAT(Ids(NewGenerations(account, {Made("a", 4), Made("z", 3)}, kSettings)), ElementsAre("a"));
}

TEST(NewGenerations, APassingFailureIsTriedAgainInItsTurn) {
  KeyAccount account = After(EntryOutcome::kFailed, "b", 2, false);
  account.last->settings = kSettings;
  account.last->transient = true;
  EXPECT_THAT(Ids(NewGenerations(account, {Made("c", 3), Made("b", 2), Made("a", 1)}, kSettings)),
              ElementsAre("b", "c"));
  account.last->transient = false;
  EXPECT_THAT(Ids(NewGenerations(account, {Made("c", 3), Made("b", 2), Made("a", 1)}, kSettings)),
              ElementsAre("c"));
  EXPECT_THAT(Ids(NewGenerations(account, {Made("b", 2), Made("a", 1)}, kSettings)), IsEmpty());
  EXPECT_THAT(Ids(NewGenerations(account, {Made("b", 2), Made("a", 1)}, "other settings")), ElementsAre("b"));
}

TEST(NewGenerations, LostRowsAreLoadedAgain) {
  KeyAccount account = After(EntryOutcome::kLoaded, "a", 1);
  account.files.clear();
  EXPECT_THAT(Ids(NewGenerations(account, {Made("a", 1)}, kSettings)), ElementsAre("a"));
}

SourceObject Listed(const std::string& etag, int at) {
  SourceObject object;
  object.key = object.source_file = "k";
  object.version.etag = etag;
  object.uploaded_at = At(at);
  object.size = 10;
  return object;
}

TEST(PlanListed, AListingTellsNoVersionId) {
  const KeyAccount account = After(EntryOutcome::kLoaded, "a", 1);
  EXPECT_EQ(PlanListed(account, Listed("etag-a", 1), kSettings), ListedDecision::kNothing);
  EXPECT_EQ(PlanListed(account, Listed("etag-b", 1), kSettings), ListedDecision::kLoad);
  // The same bytes again, or A→B→A: only a HEAD can tell.
  EXPECT_EQ(PlanListed(account, Listed("etag-a", 2), kSettings), ListedDecision::kLook);
  EXPECT_EQ(PlanListed({}, Listed("etag-a", 1), kSettings), ListedDecision::kLoad);
  KeyAccount lost = account;
  lost.files.clear();
  EXPECT_EQ(PlanListed(lost, Listed("etag-a", 1), kSettings), ListedDecision::kLook);
  EXPECT_EQ(PlanListed(After(EntryOutcome::kDeleted, "-x", 1), Listed("etag-a", 1), kSettings),
            ListedDecision::kLoad);
}

TEST(PlanListed, WithoutVersionsTheEtagIsTheIdentity) {
  KeyAccount account = After(EntryOutcome::kLoaded, "", 1);
  account.last->version.etag = "e";
  EXPECT_EQ(PlanListed(account, Listed("e", 7), kSettings), ListedDecision::kNothing);
  EXPECT_EQ(PlanListed(account, Listed("f", 1), kSettings), ListedDecision::kLoad);
}

}  // namespace
}  // namespace rtl::load
