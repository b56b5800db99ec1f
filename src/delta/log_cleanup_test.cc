#include "delta/log_cleanup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "delta/checkpoint_reader.h"
#include "delta/log_listing.h"
#include "delta/log_names.h"
#include "delta/testing_actions.h"
#include "delta/testing_clock.h"
#include "store/faulty_store.h"
#include "store/memory_store.h"

namespace rtl::delta {
namespace {

using std::chrono::days;
using std::chrono::hours;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class LogCleanupTest : public testing::Test {
 protected:
  LogCleanupTest() { Commit({Protocol{}, SomeMetadata()}); }

  void Commit(std::vector<Action> actions) {
    actions.emplace_back(InfoWith(std::to_string(next_)));
    ASSERT_EQ(table_.PutCommit(next_++, actions), PutOutcome::kCommitted);
  }
  // One commit a day, each with a file of its version's number.
  void CommitsEachDay(int count) {
    for (int i = 0; i < count; ++i) {
      clock_.Advance(days(1));
      Commit({SomeAdd(fmt::format("f{}", next_))});
    }
  }
  void Put(std::string_view name) { ASSERT_TRUE(store_.Put(fmt::format("t/_delta_log/{}", name), "x")); }
  std::vector<std::string> Log() {
    std::vector<std::string> names;
    const auto listed = store::ListAll(store_, "t/_delta_log/");
    for (const store::ObjectInfo& info : *listed) names.push_back(info.key.substr(13));
    return names;
  }
  std::vector<std::string> Run(LogCleanupOptions options = {}) {
    std::vector<std::string> names;
    options.on_file = [&](std::string_view name, std::int64_t) { names.emplace_back(name); };
    report_ = CleanLog(table_, options);
    EXPECT_TRUE(report_) << report_.error().message();
    return names;
  }
  void ExpectReadable(Version first, Version last) {
    for (Version version = first; version <= last; ++version) {
      const auto state = table_.Load(version);
      ASSERT_TRUE(state) << state.error().message();
      EXPECT_EQ(state->files.size(), static_cast<std::size_t>(version));
    }
  }

  TestClock clock_;  // begins at midnight
  store::MemoryStore store_{{.clock = &clock_, .page_size = 3}};
  Table table_{store_, "t", clock_};
  Version next_ = 0;
  Result<LogCleanupReport> report_;
};

TEST_F(LogCleanupTest, KeepsTheCheckpointBeforeTheCutOffAndWhatFollows) {
  CommitsEachDay(50);
  for (const Version version : {5, 10, 15, 20, 30, 50}) ASSERT_TRUE(table_.WriteCheckpoint(version));
  // 30 days before day 50 is the commit of day 20.
  const auto removed = Run();
  EXPECT_EQ(report_->kept_from, 20);
  EXPECT_EQ(report_->version, 50);
  EXPECT_EQ(report_->files, 20 + 3);
  EXPECT_EQ(removed.front(), CommitName(0));
  EXPECT_EQ(removed.back(), CommitName(19));
  EXPECT_THAT(Log(), Contains(CommitName(20)));
  EXPECT_THAT(Log(), Contains(CheckpointName(20)));
  EXPECT_THAT(Log(), Not(Contains(CheckpointName(15))));
  ExpectReadable(20, 50);
  EXPECT_FALSE(table_.Load(19));
  EXPECT_THAT(Run(), IsEmpty());
}

TEST_F(LogCleanupTest, TheCutOffIsAMidnight) {
  clock_.Advance(hours(6));
  CommitsEachDay(40);  // at six in the morning
  for (const Version version : {9, 10}) ASSERT_TRUE(table_.WriteCheckpoint(version));
  clock_.Advance(hours(17));
  Run();
  EXPECT_EQ(report_->kept_from, 9);  // the commit of day 10 is younger than that day's midnight
  clock_.Advance(hours(1));
  Run();
  EXPECT_EQ(report_->kept_from, 10);
}

TEST_F(LogCleanupTest, WithoutAnOldCheckpointNothingGoes) {
  CommitsEachDay(50);
  ASSERT_TRUE(table_.WriteCheckpoint(21));
  EXPECT_THAT(Run(), IsEmpty());
  EXPECT_EQ(report_->kept_from, -1);
}

TEST_F(LogCleanupTest, TheTablesRetentionOrTheCallersDecides) {
  CommitsEachDay(10);
  for (const Version version : {2, 5}) ASSERT_TRUE(table_.WriteCheckpoint(version));
  Metadata metadata = SomeMetadata();
  metadata.configuration["delta.logRetentionDuration"] = "interval 5 days";
  Commit({metadata});
  EXPECT_EQ(Run({.dry_run = true}).size(), 5U + 1);
  EXPECT_EQ(Run({.retention = days(8)}).size(), 2U);
  EXPECT_EQ(report_->kept_from, 2);
}

TEST_F(LogCleanupTest, KeepsWhatTheCallerStillHasToRead) {
  CommitsEachDay(60);
  for (const Version version : {5, 10, 20}) ASSERT_TRUE(table_.WriteCheckpoint(version));
  Run({.needed_after = 19});
  EXPECT_EQ(report_->kept_from, 10);
  ExpectReadable(10, 60);
  EXPECT_THAT(Run({.needed_after = -1}), IsEmpty());
  EXPECT_EQ(report_->kept_from, -1);
}

TEST_F(LogCleanupTest, ADamagedCheckpointIsNotReliedUpon) {
  CommitsEachDay(60);
  for (const Version version : {5, 10}) ASSERT_TRUE(table_.WriteCheckpoint(version));
  Put(CheckpointName(10));
  Run();
  EXPECT_EQ(report_->kept_from, 5);
  ExpectReadable(5, 60);

  Put(CheckpointName(5));
  const std::vector<std::string> before = Log();
  const auto failed = CleanLog(table_);
  ASSERT_FALSE(failed);
  EXPECT_EQ(Log(), before);
}

TEST_F(LogCleanupTest, RemovesWhatBelongsToOldVersions) {
  CommitsEachDay(60);
  for (const Version version : {3, 10}) ASSERT_TRUE(table_.WriteCheckpoint(version));
  const std::vector<std::string> old = {
      ".00000000000000000003.checkpoint.parquet.crc",
      ".00000000000000000003.json.crc",
      "00000000000000000003.checkpoint.0000000001.0000000002.parquet",
      "00000000000000000003.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json",
      "00000000000000000003.crc",
      "00000000000000000004.00000000000000000006.compacted.json",
      "00000000000000000008.00000000000000000012.compacted.json",
      "00000000000000000010.00000000000000000012.compacted.json",
      "_probe-1",
  };
  const std::vector<std::string> kept = {
      ".00000000000000000010.json.crc",
      "00000000000000000003.json.tmp",
      "00000000000000000003x",
      "00000000000000000010.crc",
      "00000000000000000011.00000000000000000012.compacted.json",
      "_commits/x",
      "_staged_commits/00000000000000000003.x.json",
  };
  for (const std::string& name : old) Put(name);
  for (const std::string& name : kept) Put(name);
  clock_.Advance(days(2));
  Put("_probe-2");
  const auto told = Run({.dry_run = true});
  const auto removed = Run();
  EXPECT_EQ(told, removed);
  // Compactions go first: none is left that speaks of commits that are gone.
  EXPECT_TRUE(removed[0].ends_with("compacted.json") && removed[2].ends_with("compacted.json"));
  for (const std::string& name : old) EXPECT_THAT(Log(), Not(Contains(name)));
  for (const std::string& name : kept) EXPECT_THAT(Log(), Contains(name));
  EXPECT_THAT(Log(), Contains("_probe-2"));
  EXPECT_EQ(report_->kept_from, 10);
}

// Protocol: "Metadata Cleanup", steps 4 and 5.
TEST_F(LogCleanupTest, SidecarsGoWithTheLastCheckpointThatRefersToThem) {
  Metadata metadata = SomeMetadata();
  metadata.configuration["delta.checkpointPolicy"] = "v2";
  Commit({Protocol{.min_reader_version = 3,
                   .min_writer_version = 7,
                   .reader_features = {"v2Checkpoint"},
                   .writer_features = {"v2Checkpoint"}},
          metadata});
  const auto sidecars = [&] {
    std::set<std::string> names;
    for (const std::string& name : Log()) {
      if (name.starts_with("_sidecars/")) names.insert(name);
    }
    return names;
  };
  Put("_sidecars/orphan.parquet");
  CommitsEachDay(5);
  ASSERT_TRUE(table_.WriteCheckpoint(6));
  const auto of_old = sidecars();
  ASSERT_GE(of_old.size(), 2U);
  CommitsEachDay(10);
  ASSERT_TRUE(table_.WriteCheckpoint(16));
  CommitsEachDay(30);
  ASSERT_TRUE(table_.WriteCheckpoint(46));
  Put("_sidecars/young.parquet");

  const auto before = sidecars();
  const auto would_go = Run({.dry_run = true});
  EXPECT_EQ(sidecars(), before);
  EXPECT_EQ(Run(), would_go);
  EXPECT_EQ(report_->kept_from, 16);
  std::set<std::string> left = sidecars();
  EXPECT_EQ(left.erase("_sidecars/young.parquet"), 1U);
  std::set<std::string> used;
  const auto listing = ListLog(store_, "t/_delta_log/", 0);
  for (const CheckpointFiles& files : listing->checkpoints) {
    const auto of_checkpoint = ReadSidecars(store_, files);
    for (const SidecarFile& file : *of_checkpoint) used.insert(file.key.substr(13));
  }
  EXPECT_EQ(left, used);
  EXPECT_FALSE(std::ranges::includes(left, of_old)) << "some of the oldest were no longer referred to";
  for (const Version version : {16, 30, 46}) EXPECT_TRUE(table_.Load(version)) << version;
}

TEST_F(LogCleanupTest, AHintToARemovedCheckpointGoesToo) {
  CommitsEachDay(60);
  for (const Version version : {20, 5}) ASSERT_TRUE(table_.WriteCheckpoint(version));
  ASSERT_TRUE(store_.Put("t/_delta_log/_last_checkpoint", R"({"version":5,"size":1})"));
  Run();
  EXPECT_THAT(Log(), Not(Contains("_last_checkpoint")));
  ExpectReadable(20, 60);
}

TEST_F(LogCleanupTest, ObeysThePropertyUnlessTheCallerKnowsBetter) {
  Metadata metadata = SomeMetadata();
  metadata.configuration["delta.enableExpiredLogCleanup"] = "false";
  Commit({metadata});
  CommitsEachDay(60);
  ASSERT_TRUE(table_.WriteCheckpoint(10));
  const auto refused = CleanLog(table_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::kBadConfig);
  EXPECT_THAT(refused.error().message(), HasSubstr("enableExpiredLogCleanup"));
  EXPECT_EQ(Run({.even_if_switched_off = true}).size(), 10U);
}

TEST_F(LogCleanupTest, RefusesAProtocolThatItMayNotWrite) {
  CommitsEachDay(60);
  ASSERT_TRUE(table_.WriteCheckpoint(10));
  Commit({Protocol{.min_reader_version = 1, .min_writer_version = 7, .writer_features = {"fromTheFuture"}}});
  EXPECT_EQ(CleanLog(table_).error().kind(), ErrorKind::kUnsupported);
}

TEST_F(LogCleanupTest, WhereverItEndsTheLogIsReadable) {
  CommitsEachDay(12);
  for (const Version version : {2, 5, 10}) ASSERT_TRUE(table_.WriteCheckpoint(version));
  Put("00000000000000000001.00000000000000000003.compacted.json");
  ASSERT_TRUE(store_.Put("t/_delta_log/_last_checkpoint", R"({"version":2,"size":1})"));
  bool more = true;
  for (std::int64_t at = 0; more; ++at) {
    for (const store::Fault fault : {store::Fault::kBefore, store::Fault::kAfter}) {
      const auto copy = store_.Clone();
      store::FaultyStore faulty(*copy, {.at = at, .fault = fault, .then_dead = true});
      const auto cleaned = CleanLog(Table(faulty, "t", clock_), {.retention = days(6)});
      more = faulty.operations() > at;
      EXPECT_EQ(cleaned.has_value(), !more);
      const Table after(*copy, "t", clock_);
      for (Version version = 5; version <= 12; ++version) {
        const auto state = after.Load(version);
        ASSERT_TRUE(state) << "operation " << at << ": " << state.error().message();
        ASSERT_EQ(state->files.size(), static_cast<std::size_t>(version));
      }
      const auto again = CleanLog(after, {.retention = days(6)});
      ASSERT_TRUE(again) << again.error().message();
      EXPECT_EQ(again->kept_from, 5);
      EXPECT_FALSE(copy->Head("t/_delta_log/" + CommitName(4)));
    }
  }
}

}  // namespace
}  // namespace rtl::delta
