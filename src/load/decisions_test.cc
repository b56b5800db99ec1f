#include "load/decisions.h"

#include <gtest/gtest.h>

#include "load/delete_bound.h"

namespace rtl::load {
namespace {

KeyAccount Loaded(std::int64_t rows, int files, int of_files) {
  KeyAccount account;
  account.last.emplace();
  account.last->version.etag = "A";
  account.last->file_version = 3;
  account.last->row_count = rows;
  account.last_at = 7;
  for (int i = 0; i < files; ++i) {
    OwnedFile file;
    file.file_version = 3;
    file.tag.emplace();
    file.tag->file_version = 3;
    file.tag->rows = rows;
    file.tag->files = of_files;
    account.files.push_back(file);
  }
  return account;
}

TEST(Touched, AnEntryAfterTheBaseOrCommitsThatMayHaveBeenMissed) {
  const KeyAccount account = Loaded(10, 1, 1);
  EXPECT_FALSE(Touched(account, 7, -1));
  EXPECT_TRUE(Touched(account, 6, -1));
  // Entries at or before version 8 may have been missed: a base before that says nothing.
  EXPECT_TRUE(Touched(account, 7, 8));
  EXPECT_FALSE(Touched(account, 8, 8));
}

TEST(Explains, RowsTheirVersionAndAllTheirFiles) {
  EXPECT_TRUE(Explains(Loaded(10, 2, 2)));
  EXPECT_FALSE(Explains(Loaded(10, 0, 1))) << "promised rows are not there";
  EXPECT_FALSE(Explains(Loaded(10, 1, 2))) << "one of two files is gone";
  EXPECT_FALSE(Explains(Loaded(0, 1, 1))) << "there are rows that were not promised";
  KeyAccount set_back = Loaded(10, 1, 1);
  set_back.last->file_version = 4;
  EXPECT_FALSE(Explains(set_back));
}

TEST(PlanKey, AHeldFileIsTriedAgainUnderOtherSettingsOnly) {
  KeyAccount account = Loaded(10, 1, 1);
  account.last->outcome = EntryOutcome::kHeld;
  account.last->settings = "a";
  const ObjectVersion head{"A", "", true};
  EXPECT_EQ(PlanKey(account, head, "a"), Decision::kNothing);
  EXPECT_EQ(PlanKey(account, head, "b"), Decision::kLoad);
}

TEST(Prepare, HeldAgainUnderOtherSettingsIsWrittenSoThatItIsNotReadOnEveryPass) {
  KeyAccount account = Loaded(10, 1, 1);
  account.last->outcome = EntryOutcome::kHeld;
  account.last->settings = "a";
  ReadOutcome read;
  read.entry.outcome = EntryOutcome::kHeld;
  read.entry.version.etag = "A";
  read.entry.settings = "a";
  EXPECT_FALSE(Prepare(account, 7, read, Timestamp{}).has_value());
  read.entry.settings = "b";
  EXPECT_TRUE(Prepare(account, 7, read, Timestamp{}).has_value());
}

TEST(Prepare, UnchangedKeepsTheCountsOfTheRows) {
  KeyAccount account = Loaded(10, 1, 1);
  account.files[0].tag->rejected = 2;
  ReadOutcome read;
  read.entry.outcome = EntryOutcome::kUnchanged;
  read.entry.version.etag = "B";
  const auto change = Prepare(account, 7, read, Timestamp{});
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->entry.row_count, 10);
  EXPECT_EQ(change->entry.rejected_count, 2);
  EXPECT_EQ(change->entry.file_version, 3);
}

TEST(AfterReadBack, AbsentIsPutAgainOnlyWhileTheStateIsYoung) {
  using delta::PutOutcome;
  EXPECT_EQ(DecideAfterReadBack(PutOutcome::kUnknown, std::chrono::minutes(59)), AfterPut::kPutAgain);
  EXPECT_EQ(DecideAfterReadBack(PutOutcome::kUnknown, std::chrono::minutes(60)), AfterPut::kPlanAgain);
  EXPECT_EQ(DecideAfterReadBack(PutOutcome::kCommitted, std::chrono::minutes(90)), AfterPut::kDone);
  EXPECT_EQ(DecideAfterReadBack(PutOutcome::kConflicted, std::chrono::minutes(0)), AfterPut::kReadWinners);
}

TEST(DeleteBound, CountsListedAndSingleDeletesTogether) {
  const Guard guard;
  DeleteBound bound(guard, 100);
  std::string notice;
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(bound.Allow(std::to_string(i), notice));
  EXPECT_EQ(bound.Judge(20, 60).find("60 of 100"), 0u) << "40 found singly and 20 absent are more than half";
  EXPECT_FALSE(bound.refusal().empty());
  EXPECT_EQ(bound.Judge(20, 60), "");
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(bound.Allow(std::to_string(i), notice));
  EXPECT_FALSE(bound.Allow("one more", notice));
  EXPECT_FALSE(notice.empty());
}

TEST(DeleteBound, TheSameFileCountsOnce) {
  const Guard guard;
  DeleteBound bound(guard, 12);
  std::string notice;
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(bound.Allow("f", notice));
    bound.Back("f");
  }
}

}  // namespace
}  // namespace rtl::load
