#include "delta/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "delta/log_names.h"
#include "delta/testing_actions.h"
#include "delta/testing_store.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

std::vector<Action> FirstCommit() {
  return {InfoWith("t0"), Protocol{}, SomeMetadata()};
}

std::vector<Action> AddCommit(std::string_view path) {
  return {InfoWith(std::string("txn-") + std::string(path)), SomeAdd(path)};
}

class TableTest : public testing::Test {
 protected:
  void MakeCommits(Version count) {
    ASSERT_EQ(table_.PutCommit(0, FirstCommit()), PutOutcome::kCommitted);
    for (Version version = 1; version < count; ++version) {
      ASSERT_EQ(table_.PutCommit(version, AddCommit(fmt::format("f{}", version))), PutOutcome::kCommitted);
    }
  }
  static std::string LogKey(std::string_view name) { return fmt::format("t/_delta_log/{}", name); }

  TestingStore store_;
  FixedClock clock_{1'800'000'000'000};
  Table table_{store_, "t", clock_};
};

TEST_F(TableTest, LoadsTheNewestOrAGivenVersion) {
  MakeCommits(4);
  const auto newest = table_.Load();
  ASSERT_TRUE(newest) << newest.error().message();
  EXPECT_EQ(newest->version, 3);
  EXPECT_EQ(newest->files.size(), 3U);
  EXPECT_EQ(newest->metadata.schema.fields.size(), 2U);

  const auto older = table_.Load(1);
  ASSERT_TRUE(older);
  EXPECT_EQ(older->version, 1);
  EXPECT_EQ(older->files.size(), 1U);
  EXPECT_EQ(table_.Load(4).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(table_.Load(-1).error().kind(), ErrorKind::kNotFound);
}

TEST_F(TableTest, NoTableIsNotFound) {
  const auto state = table_.Load();
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().kind(), ErrorKind::kNotFound);
  EXPECT_THAT(state.error().message(), HasSubstr("testing:t"));
}

TEST_F(TableTest, ATableMayLieAtTheRootOfTheStore) {
  const Table root(store_, "", clock_);
  ASSERT_EQ(root.PutCommit(0, FirstCommit()), PutOutcome::kCommitted);
  EXPECT_TRUE(store_.Head("_delta_log/00000000000000000000.json"));
  EXPECT_EQ(root.Load()->version, 0);
  EXPECT_EQ(root.DataKey("a/b"), "a/b");
  EXPECT_EQ(table_.DataKey("a/b"), "t/a/b");
}

TEST_F(TableTest, AGapIsNamed) {
  MakeCommits(4);
  ASSERT_TRUE(store_.Delete(LogKey(CommitName(2))));
  const auto state = table_.Load();
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(state.error().message(), HasSubstr("no commit 2"));
  EXPECT_EQ(table_.Load(1)->version, 1);
}

TEST_F(TableTest, AHintThatIsWrongIsOnlyAHint) {
  MakeCommits(3);
  for (const auto* hint : {"", "garbage", "[]", R"({"version":-7})", R"({"version":"2"})", R"({"version":2})",
                           R"({"version":900,"size":1})", R"({"version":1,"parts":4})"}) {
    ASSERT_TRUE(store_.Put(LogKey("_last_checkpoint"), hint));
    const auto state = table_.Load();
    ASSERT_TRUE(state) << hint << ": " << state.error().message();
    EXPECT_EQ(state->version, 2);
    EXPECT_EQ(state->files.size(), 2U);
  }
}

TEST_F(TableTest, DamagedCommitIsNamedByFileAndLine) {
  MakeCommits(2);
  ASSERT_TRUE(store_.Put(LogKey(CommitName(2)), "{\"commitInfo\":{}}\n{\"add\":{\"pa"));
  const auto state = table_.Load();
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(state.error().message(), HasSubstr("testing:t/_delta_log/00000000000000000002.json: line 2"));
}

TEST_F(TableTest, ATableWithoutProtocolOrMetadataIsBad) {
  ASSERT_EQ(table_.PutCommit(0, std::vector<Action>{InfoWith("t"), SomeMetadata()}), PutOutcome::kCommitted);
  EXPECT_EQ(table_.Load().error().kind(), ErrorKind::kBadData);
}

TEST_F(TableTest, AV2CheckpointThatIsNoneIsPassedOver) {
  MakeCommits(3);
  ASSERT_TRUE(
      store_.Put(LogKey("00000000000000000001.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json"), "{}"));
  EXPECT_TRUE(table_.Load());
  ASSERT_TRUE(store_.Delete(LogKey(CommitName(0))));
  const auto state = table_.Load();
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(state.error().message(), HasSubstr("80a083e8-7026-4e79-81be-64bd76c43a11.json"));
}

TEST_F(TableTest, CommitsAfterGivesTheRest) {
  MakeCommits(4);
  const auto all = table_.CommitsAfter(-1);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 4U);
  store_.gets = store_.listed = 0;
  const auto last = table_.CommitsAfter(2);
  ASSERT_TRUE(last);
  ASSERT_EQ(last->size(), 1U);
  EXPECT_EQ(last->front().version, 3);
  EXPECT_EQ(store_.gets, 1U);
  EXPECT_EQ(store_.listed, 1U);
  EXPECT_TRUE(table_.CommitsAfter(3)->empty());
}

TEST_F(TableTest, CommitsThatWereCleanedUpAreNotFound) {
  MakeCommits(5);
  ASSERT_TRUE(store_.Delete(LogKey(CommitName(1))));
  EXPECT_EQ(table_.CommitsAfter(0).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(table_.CommitsAfter(-1).error().kind(), ErrorKind::kBadData);
  EXPECT_TRUE(table_.CommitsAfter(1));
}

TEST_F(TableTest, PutOutcomes) {
  using Fault = TestingStore::PutFault;
  EXPECT_EQ(table_.PutCommit(0, FirstCommit()), PutOutcome::kCommitted);
  EXPECT_EQ(table_.PutCommit(0, AddCommit("a")), PutOutcome::kConflicted);

  store_.next_put_fault = Fault::kUnknownButWritten;
  EXPECT_EQ(table_.PutCommit(1, AddCommit("a")), PutOutcome::kUnknown);
  EXPECT_EQ(table_.SettleUnknown(1, AddCommit("a")), PutOutcome::kCommitted);
  EXPECT_EQ(table_.SettleUnknown(1, AddCommit("b")), PutOutcome::kConflicted);

  store_.next_put_fault = Fault::kUnknownNotWritten;
  EXPECT_EQ(table_.PutCommit(2, AddCommit("b")), PutOutcome::kUnknown);
  EXPECT_EQ(table_.SettleUnknown(2, AddCommit("b")), PutOutcome::kUnknown);
  EXPECT_EQ(table_.PutCommit(2, AddCommit("b")), PutOutcome::kCommitted);

  store_.next_put_fault = Fault::kUnavailable;
  EXPECT_EQ(table_.PutCommit(3, AddCommit("c")).error().kind(), ErrorKind::kUnavailable);
}

TEST_F(TableTest, GarbageInOurPlaceIsAnothersCommit) {
  ASSERT_TRUE(store_.Put(LogKey(CommitName(0)), "garbage"));
  EXPECT_EQ(table_.SettleUnknown(0, FirstCommit()), PutOutcome::kConflicted);
}

TEST_F(TableTest, OurIdentityWithOtherBytesIsAnError) {
  ASSERT_TRUE(store_.Put(LogKey(CommitName(0)), ToCommitBytes(FirstCommit()) + "\n"));
  EXPECT_EQ(table_.SettleUnknown(0, FirstCommit()).error().kind(), ErrorKind::kBadData);
}

TEST_F(TableTest, ACommitMustBeRecognisable) {
  const std::vector<Action> nameless{Protocol{}, SomeMetadata()};
  EXPECT_EQ(table_.PutCommit(0, nameless).error().kind(), ErrorKind::kInternal);
  std::vector<Action> not_utf8 = FirstCommit();
  not_utf8.push_back(Txn{.app_id = "\xff"});
  EXPECT_EQ(table_.PutCommit(0, not_utf8).error().kind(), ErrorKind::kInternal);
  EXPECT_EQ(store_.size(), 0U);
}

TEST_F(TableTest, ProbeTellsStoresApart) {
  EXPECT_TRUE(table_.ProbePutIfAbsent());
  EXPECT_EQ(store_.size(), 0U);
  store_.honours_put_if_absent = false;
  EXPECT_EQ(table_.ProbePutIfAbsent().error().kind(), ErrorKind::kUnsupported);
  EXPECT_EQ(store_.size(), 0U);
}

TEST_F(TableTest, OfRacingWritersOneWinsEachVersion) {
  constexpr int kThreads = 16;
  constexpr int kCommitsEach = 8;
  ASSERT_EQ(table_.PutCommit(0, FirstCommit()), PutOutcome::kCommitted);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      const Table mine(store_, "t", clock_);
      Version version = 1;
      for (int commit = 0; commit < kCommitsEach; ++commit) {
        while (mine.PutCommit(version, AddCommit(fmt::format("{}-{}", thread, commit))) !=
               PutOutcome::kCommitted) {
          ++version;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto state = table_.Load();
  ASSERT_TRUE(state) << state.error().message();
  EXPECT_EQ(state->version, kThreads * kCommitsEach);
  EXPECT_EQ(state->files.size(), static_cast<std::size_t>(kThreads * kCommitsEach));
}

}  // namespace
}  // namespace rtl::delta
