// Tables that others wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/table.h"
#include "delta/testing_actions.h"
#include "delta/testing_corpora.h"
#include "delta/testing_store.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

class CorpusTables : public testing::Test {
 protected:
  Result<TableState> Load(const std::filesystem::path& folder) {
    store_.ReadFolder(folder);
    return Table(store_, "", clock_).Load();
  }
  TestingStore store_;
  FixedClock clock_{0};  // nothing expires
};

TEST_F(CorpusTables, TransactionsFromACheckpoint) {
  RTL_NEED_CORPUS(folder, "delta_tables/app-txn-checkpoint");
  const auto state = Load(folder);
  ASSERT_TRUE(state) << state.error().message();
  EXPECT_EQ(state->version, 1);
  EXPECT_EQ(state->files.size(), 4U);
  EXPECT_EQ(state->txns.at("my-app").version, 3);
  EXPECT_EQ(state->txns.at("my-app2").version, 2);
  EXPECT_THAT(state->metadata.partition_columns, testing::ElementsAre("modified"));

  // The same from the commits alone.
  ASSERT_TRUE(store_.Delete("_delta_log/00000000000000000001.checkpoint.parquet"));
  const auto replayed = Table(store_, "", clock_).Load();
  ASSERT_TRUE(replayed) << replayed.error().message();
  for (const Add& add : replayed->files.Sorted()) {
    const std::string& path = add.path;
    ASSERT_TRUE(state->files.Contains(path)) << path;
    EXPECT_EQ(state->files.Find(path)->stats, add.stats);
    EXPECT_EQ(state->files.Find(path)->partition_values, add.partition_values);
    EXPECT_EQ(state->files.Find(path)->size, add.size);
  }
}

TEST_F(CorpusTables, TransactionsWithoutACheckpoint) {
  RTL_NEED_CORPUS(folder, "delta_tables/app-txn-no-checkpoint");
  const auto state = Load(folder);
  ASSERT_TRUE(state) << state.error().message();
  EXPECT_EQ(state->files.size(), 4U);
  EXPECT_EQ(state->txns.size(), 2U);
}

TEST_F(CorpusTables, ACheckpointThatNoHintNames) {
  RTL_NEED_CORPUS(folder, "delta_tables/with_checkpoint_no_last_checkpoint");
  const auto state = Load(folder);
  ASSERT_TRUE(state) << state.error().message();
  EXPECT_EQ(state->version, 3);
  EXPECT_EQ(state->files.size(), 1U);
  EXPECT_EQ(Tombstones(Table(store_, "", clock_)).size(), 2U);
}

// The multi-part table asks for deletion vectors without having any: with the protocol of its first commit
// replaced, its parts and its commits must tell the same.
TEST_F(CorpusTables, AMultiPartCheckpointNeedsAllItsParts) {
  RTL_NEED_CORPUS(folder, "delta_tables/v1-multi-part-struct-stats-only");
  store_.ReadFolder(folder);
  const std::string plain = R"({"protocol":{"minReaderVersion":1,"minWriterVersion":2}})";
  ASSERT_TRUE(store_.Put("_delta_log/00000000000000000006.json", plain));
  const Table table(store_, "", clock_);
  const auto state = table.Load();
  ASSERT_TRUE(state) << state.error().message();
  EXPECT_EQ(state->version, 6);
  EXPECT_EQ(state->files.size(), 5U);
  EXPECT_TRUE(state->files.Contains(
      "test%file%prefix-part-00000-ff529603-203f-4a68-9ab1-d495e5c1c409-c000.snappy.parquet"));

  ASSERT_TRUE(store_.Delete("_delta_log/00000000000000000005.checkpoint.0000000002.0000000003.parquet"));
  EXPECT_EQ(table.Load()->files.size(), 5U) << "from the commits";
  ASSERT_TRUE(store_.Delete("_delta_log/00000000000000000000.json"));
  EXPECT_EQ(table.Load().error().kind(), ErrorKind::kBadData);
}

}  // namespace
}  // namespace rtl::delta
