#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/json_checksum.h"
#include "delta/log_names.h"
#include "delta/table.h"
#include "delta/testing_actions.h"
#include "delta/testing_store.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kNowMs = 1'800'000'000'000;

std::string LogKey(std::string_view name) {
  return fmt::format("t/_delta_log/{}", name);
}

class CheckpointTest : public testing::Test {
 protected:
  void Put(Version version, std::vector<Action> actions) {
    actions.push_back(InfoWith(fmt::format("txn-{}", version)));
    ASSERT_EQ(table_.PutCommit(version, actions), PutOutcome::kCommitted);
  }
  void MakeTable(Version last) {
    Metadata metadata = SomeMetadata();
    metadata.name = "näme";
    metadata.configuration = {{"a", "b"}, {"delta.checkpointInterval", "10"}};
    metadata.partition_columns = {"wid"};
    Put(0, {Protocol{}, metadata});
    for (Version version = 1; version <= last; ++version) {
      Add add = SomeAdd(fmt::format("dir/f {}", version));
      add.partition_values = {{"wid", version % 2 == 0 ? std::optional("x\"y") : std::nullopt}};
      std::vector<Action> actions{add, Txn{.app_id = "app", .version = version, .last_updated_ms = 5}};
      if (version > 2)
        actions.push_back(RemoveOf(SomeAdd(fmt::format("dir/f {}", version - 2)), kNowMs, true));
      Put(version, std::move(actions));
    }
  }
  TableState Load(std::optional<Version> version = std::nullopt) {
    auto state = table_.Load(version);
    EXPECT_TRUE(state) << state.error().message();
    return state ? *state : TableState();
  }
  void Checkpoint(const TableState& state) {
    const auto written = table_.WriteCheckpoint(state.version);
    ASSERT_TRUE(written) << written.error().message();
  }
  void Forget(Version first, Version last) {
    for (Version version = first; version <= last; ++version) {
      ASSERT_TRUE(store_.Delete(LogKey(CommitName(version))));
    }
  }

  TestingStore store_;
  FixedClock clock_{kNowMs};
  Table table_{store_, "t", clock_};
};

// All that a state holds, as text. File actions of a checkpoint change no data, so that flag is left out.
std::string Describe(const TableState& state, const Table& table) {
  std::vector<Action> actions{state.protocol, state.metadata};
  for (const auto& [app_id, txn] : state.txns) actions.emplace_back(txn);
  for (const Add& add : state.files.Sorted()) {
    actions.emplace_back(add);
    std::get<Add>(actions.back()).data_change = false;
  }
  for (const auto& [path, remove] : Tombstones(table, state.version)) {
    Remove bare = remove;
    bare.data_change = false;
    bare.tags.clear();  // not kept in a checkpoint
    actions.emplace_back(std::move(bare));
  }
  return fmt::format("{}\n{}", state.version, ToCommitBytes(actions));
}

TEST_F(CheckpointTest, HoldsTheWholeState) {
  MakeTable(6);
  const std::string before = Describe(Load(), table_);
  Checkpoint(Load());
  Forget(0, 6);
  const TableState after = Load();
  EXPECT_EQ(Describe(after, table_), before);
  EXPECT_EQ(after.files.size(), 2U);
  EXPECT_EQ(Tombstones(table_).size(), 4U);
}

// Protocol, "Add File and Remove File": a tombstone is kept for delta.deletedFileRetentionDuration.
TEST_F(CheckpointTest, LeavesOutTombstonesThatHaveExpired) {
  constexpr std::int64_t kWeekMs = 7LL * 86'400'000;
  const std::vector<Action> actions{InfoWith("t"),
                                    Protocol{},
                                    SomeMetadata(),
                                    Remove{.path = "fresh", .deletion_timestamp_ms = kNowMs - kWeekMs},
                                    Remove{.path = "old", .deletion_timestamp_ms = kNowMs - kWeekMs - 1},
                                    Remove{.path = "undated"}};
  ASSERT_EQ(table_.PutCommit(0, actions), PutOutcome::kCommitted);
  EXPECT_EQ(Tombstones(table_).size(), 3U);
  Checkpoint(Load());
  Forget(0, 0);
  const auto kept = Tombstones(table_);
  EXPECT_EQ(kept.size(), 1U);
  EXPECT_TRUE(kept.contains("fresh"));
}

TEST_F(CheckpointTest, CommitsAfterItAreApplied) {
  MakeTable(6);
  const std::string whole = Describe(Load(), table_);
  Checkpoint(Load(4));
  Forget(0, 4);
  store_.listed = 0;
  const TableState state = Load();
  EXPECT_EQ(store_.listed, 4U) << "the hint, the checkpoint and two commits";
  EXPECT_EQ(Describe(state, table_), whole);
  const auto older = table_.Load(3);
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().kind(), ErrorKind::kBadData);
}

TEST_F(CheckpointTest, TimeTravelUsesAnOlderOne) {
  MakeTable(6);
  const std::string third = Describe(Load(3), table_);
  Checkpoint(Load(2));
  Checkpoint(Load(5));
  Forget(0, 2);
  EXPECT_EQ(Describe(Load(3), table_), third);
}

TEST_F(CheckpointTest, TheHintSaysWhatIsThere) {
  MakeTable(4);
  Checkpoint(Load());
  const auto hint = store_.Get(LogKey("_last_checkpoint"), {});
  const auto size = store_.Head(LogKey(CheckpointName(4)))->size;
  const auto fields = fmt::format(R"("version":4,"size":7,"sizeInBytes":{},"numOfAddFiles":2)", size);
  EXPECT_EQ(hint->bytes,
            fmt::format(R"({{{},"checksum":"{}"}})", fields, **JsonChecksum("{" + fields + "}")));
}

TEST_F(CheckpointTest, TheHintNeverLeadsBack) {
  MakeTable(4);
  const TableState older = Load(2);
  Checkpoint(Load());
  Checkpoint(older);
  EXPECT_THAT(store_.Get(LogKey("_last_checkpoint"), {})->bytes, HasSubstr("\"version\":4"));
  ASSERT_TRUE(store_.Put(LogKey("_last_checkpoint"), R"({"version":900})"));
  Checkpoint(older);
  EXPECT_THAT(store_.Get(LogKey("_last_checkpoint"), {})->bytes, HasSubstr("\"version\":2"));
}

TEST_F(CheckpointTest, ADamagedOneIsPassedOver) {
  MakeTable(6);
  const std::string whole = Describe(Load(), table_);
  Checkpoint(Load(2));
  Checkpoint(Load(5));
  const std::string good = store_.Get(LogKey(CheckpointName(5)), {})->bytes;
  for (const std::string& bad : {std::string(), std::string("PAR1"), good.substr(0, good.size() / 2),
                                 good.substr(0, 40) + std::string(good.size() - 40, 'x')}) {
    ASSERT_TRUE(store_.Put(LogKey(CheckpointName(5)), bad));
    EXPECT_EQ(Describe(Load(), table_), whole);
  }
  Forget(0, 4);
  const auto state = table_.Load();
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(state.error().message(), HasSubstr(CheckpointName(5)));
}

TEST_F(CheckpointTest, NoFlippedByteCrashes) {
  MakeTable(4);
  Checkpoint(Load());
  Forget(0, 4);
  const std::string good = store_.Get(LogKey(CheckpointName(4)), {})->bytes;
  int refused = 0;
  for (std::size_t at = 0; at < good.size(); at += 37) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x55);
    ASSERT_TRUE(store_.Put(LogKey(CheckpointName(4)), bad));
    if (!table_.Load()) ++refused;
  }
  EXPECT_GT(refused, 0);
}

TEST_F(CheckpointTest, ATableThatIsNotUnderstoodGetsNone) {
  MakeTable(2);
  const Protocol later{.min_reader_version = 1, .min_writer_version = 99};
  ASSERT_EQ(table_.PutCommit(3, std::vector<Action>{InfoWith("later"), later}), PutOutcome::kCommitted);
  EXPECT_EQ(table_.WriteCheckpoint(3).error().kind(), ErrorKind::kUnsupported);
  EXPECT_FALSE(store_.Head(LogKey(CheckpointName(3))));
}

TEST_F(CheckpointTest, StatisticsFollowTheTableProperties) {
  Metadata metadata = SomeMetadata();
  metadata.configuration["delta.checkpoint.writeStatsAsJson"] = "false";
  Put(0, {Protocol{}, metadata, SomeAdd("a")});
  Checkpoint(Load());
  EXPECT_EQ(Load().files.Find("a")->stats, "");

  metadata.configuration["delta.checkpoint.writeStatsAsStruct"] = "true";
  Put(1, {Protocol{.min_reader_version = 1, .min_writer_version = 3}, metadata});
  const auto written = table_.WriteCheckpoint(Load().version);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind(), ErrorKind::kUnsupported);
  EXPECT_THAT(written.error().message(), HasSubstr("writeStatsAsStruct"));
}

TEST_F(CheckpointTest, ManyFilesTakeSeveralRowGroups) {
  constexpr int kFiles = 60'000;
  std::vector<Action> actions{InfoWith("t"), Protocol{}, SomeMetadata()};
  for (int file = 0; file < kFiles; ++file) actions.emplace_back(SomeAdd(fmt::format("f{}", file)));
  ASSERT_EQ(table_.PutCommit(0, actions), PutOutcome::kCommitted);
  Checkpoint(Load());
  Forget(0, 0);
  const TableState state = Load();
  EXPECT_EQ(state.files.size(), static_cast<std::size_t>(kFiles));
  EXPECT_EQ(state.files.Find("f59999")->tags, SomeAdd("").tags);
}

}  // namespace
}  // namespace rtl::delta
