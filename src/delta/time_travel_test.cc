#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/log_names.h"
#include "delta/table.h"
#include "delta/testing_actions.h"
#include "delta/testing_store.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kDayMs = 86'400'000;

std::string Key(std::string_view name) {
  return fmt::format("t/_delta_log/{}", name);
}

Timestamp At(std::int64_t ms) {
  return FromMicros(ms * 1000);
}

Metadata WithTimestamps(std::optional<Version> since = std::nullopt, std::int64_t since_ms = 0) {
  Metadata metadata = SomeMetadata();
  metadata.configuration["delta.enableInCommitTimestamps"] = "true";
  if (since) {
    metadata.configuration["delta.inCommitTimestampEnablementVersion"] = fmt::format("{}", *since);
    metadata.configuration["delta.inCommitTimestampEnablementTimestamp"] = fmt::format("{}", since_ms);
  }
  return metadata;
}

Protocol TimestampProtocol() {
  return {.min_reader_version = 1, .min_writer_version = 7, .writer_features = {"inCommitTimestamp"}};
}

class TimeTravel : public testing::Test {
 protected:
  // A commit whose file is of that time.
  void Put(Version version, std::int64_t file_ms, std::optional<std::int64_t> in_commit_ms = std::nullopt,
           std::vector<Action> actions = {}) {
    store_.modified_at = At(file_ms);
    std::string info = InfoWith(fmt::format("txn-{}", version)).json;
    if (in_commit_ms) info.insert(1, fmt::format("\"inCommitTimestamp\":{},", *in_commit_ms));
    actions.insert(actions.begin(), CommitInfo{info});
    actions.emplace_back(SomeAdd(fmt::format("f{}", version)));
    ASSERT_EQ(table_.PutCommit(version, actions), PutOutcome::kCommitted);
  }
  Version Find(std::int64_t at_ms) {
    const auto version = table_.VersionAt(At(at_ms));
    message_ = version ? "" : version.error().message();
    return version.value_or(-1);
  }

  TestingStore store_;
  FixedClock clock_{kDayMs * 100};
  Table table_{store_, "t", clock_};
  std::string message_;
};

TEST_F(TimeTravel, ByTheTimesOfTheFiles) {
  Put(0, 1000, std::nullopt, {Protocol{}, SomeMetadata()});
  Put(1, 2000);
  Put(2, 3000);
  EXPECT_EQ(Find(1000), 0);
  EXPECT_EQ(Find(1999), 0);
  EXPECT_EQ(Find(2000), 1);
  EXPECT_EQ(table_.VersionAt(FromMicros(2'999'999)), 1);
  EXPECT_EQ(Find(3000), 2);
  EXPECT_EQ(Find(kDayMs), 2) << "a time to come is the newest version";
  EXPECT_EQ(Find(999), -1);
  EXPECT_THAT(message_, HasSubstr("1970-01-01T00:00:01"));
}

// A copied table has files of one time, or of times that go back.
TEST_F(TimeTravel, TimesOfFilesAreMadeToRise) {
  Put(0, 5000, std::nullopt, {Protocol{}, SomeMetadata()});
  Put(1, 5000);
  Put(2, 4000);
  Put(3, 6000);
  EXPECT_EQ(Find(5000), 0);
  EXPECT_EQ(Find(5001), 1);
  EXPECT_EQ(Find(5002), 2);
  EXPECT_EQ(Find(5999), 2);
  EXPECT_EQ(Find(6000), 3);
  EXPECT_EQ(Find(4000), -1);
}

TEST_F(TimeTravel, OnlyVersionsThatCanBeRead) {
  Put(0, 1000, std::nullopt, {Protocol{}, SomeMetadata()});
  for (Version version = 1; version <= 5; ++version) Put(version, 1000 * (version + 1));
  ASSERT_TRUE(table_.WriteCheckpoint(3));
  ASSERT_TRUE(store_.Delete(Key(CommitName(0))));
  EXPECT_EQ(Find(5000), 4);
  EXPECT_EQ(Find(4000), 3);
  EXPECT_EQ(Find(3999), -1) << "commits 1 and 2 are there, but nothing to begin at";
  EXPECT_THAT(message_, HasSubstr("the oldest that can be read, 3"));
}

TEST_F(TimeTravel, ByTheTimestampsInCommits) {
  Put(0, 9000, 1000, {TimestampProtocol(), WithTimestamps()});
  for (Version version = 1; version <= 40; ++version) Put(version, 9000 - version, 1000 * (version + 1));
  store_.gets = 0;
  EXPECT_EQ(Find(20'500), 19);
  EXPECT_LE(store_.gets, 50U) << "a load, and no more than 6 further commits";
  EXPECT_EQ(Find(1000), 0);
  EXPECT_EQ(Find(41'000), 40);
  EXPECT_EQ(Find(kDayMs), 40);
  EXPECT_EQ(Find(999), -1);
  EXPECT_THAT(message_, HasSubstr("1970-01-01T00:00:01"));
}

TEST_F(TimeTravel, FromFilesToCommitsWhereTimestampsWereEnabled) {
  Put(0, 1000, std::nullopt, {Protocol{}, SomeMetadata()});
  Put(1, 2000);
  Put(2, 90'000, 5000, {TimestampProtocol(), WithTimestamps(2, 5000)});
  Put(3, 90'000, 6000);
  EXPECT_EQ(Find(1500), 0);
  EXPECT_EQ(Find(4999), 1);
  EXPECT_EQ(Find(5000), 2);
  EXPECT_EQ(Find(7000), 3);
  EXPECT_EQ(Find(500), -1);
}

TEST_F(TimeTravel, ACommitWithoutItsTimestampIsBad) {
  Put(0, 1000, 1000, {TimestampProtocol(), WithTimestamps()});
  EXPECT_EQ(table_.Load()->in_commit_timestamp_ms, 1000);
  ASSERT_TRUE(table_.WriteCheckpoint(0));
  EXPECT_EQ(table_.Load()->in_commit_timestamp_ms, 1000) << "from the commit, as a checkpoint has none";
  Put(1, 2000);
  const auto state = table_.Load();
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(state.error().message(), HasSubstr("commit 1 has no inCommitTimestamp"));
}

TEST_F(TimeTravel, WithoutATable) {
  EXPECT_EQ(table_.VersionAt(At(1)).error().kind(), ErrorKind::kNotFound);
}

}  // namespace
}  // namespace rtl::delta
