#include "delta/version_checksum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/log_names.h"
#include "delta/testing_actions.h"
#include "delta/testing_corpora.h"
#include "delta/testing_store.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

std::string Key(std::string_view name) {
  return fmt::format("t/_delta_log/{}", name);
}

class VersionChecksums : public testing::Test {
 protected:
  void MakeTable() {
    Metadata metadata = SomeMetadata();
    metadata.configuration = {{"a", "b"}};
    const Protocol protocol{.min_reader_version = 1,
                            .min_writer_version = 7,
                            .writer_features = {"domainMetadata", "appendOnly"}};
    Put(0, {protocol, metadata, SomeAdd("a"), Txn{"app", 5}, DomainMetadata{"d", "x"}});
    Put(1, {SomeAdd("b"), SomeAdd("c")});
  }
  void Put(Version version, std::vector<Action> actions) {
    actions.push_back(InfoWith(fmt::format("txn-{}", version)));
    ASSERT_EQ(table_.PutCommit(version, actions), PutOutcome::kCommitted);
  }
  std::string Recorded(Version version) { return store_.Get(Key(ChecksumName(version)), {})->bytes; }
  // The message of a load after the checksum of version 1 was made to say something else.
  std::string LoadWith(std::string_view from, std::string_view to) {
    EXPECT_TRUE(store_.Delete(Key(ChecksumName(1))));
    std::string bytes = ToChecksumBytes(ChecksumOf(*table_.Load(1), {.files = 3, .bytes = 30}, "txn-1"));
    const std::size_t at = bytes.find(from);
    EXPECT_NE(at, std::string::npos) << from << " in " << bytes;
    EXPECT_TRUE(store_.Put(Key(ChecksumName(1)), bytes.replace(at, from.size(), to)));
    const auto state = table_.Load();
    return state ? "loaded" : state.error().message();
  }

  TestingStore store_;
  FixedClock clock_{0};
  Table table_{store_, "t", clock_};
};

TEST_F(VersionChecksums, SayWhatTheStateIs) {
  MakeTable();
  ASSERT_TRUE(table_.WriteChecksum(*table_.Load(), "txn-1"));
  const auto checksum = ParseChecksum(Recorded(1));
  ASSERT_TRUE(checksum) << checksum.error().message();
  EXPECT_EQ(checksum->txn_id, "txn-1");
  EXPECT_EQ(checksum->num_files, 3);
  EXPECT_EQ(checksum->table_size_bytes, 30);
  EXPECT_EQ(checksum->num_metadata, 1);
  EXPECT_EQ(checksum->num_protocol, 1);
  ASSERT_EQ(checksum->txns->size(), 1U);
  EXPECT_EQ(checksum->txns->front().version, 5);
  ASSERT_EQ(checksum->domains->size(), 1U);
  EXPECT_EQ(checksum->metadata.configuration.at("a"), "b");
  EXPECT_EQ(checksum->protocol.writer_features.size(), 2U);
  EXPECT_FALSE(checksum->in_commit_timestamp_ms);
  EXPECT_TRUE(table_.Load());
  EXPECT_TRUE(table_.Load(0));
}

TEST_F(VersionChecksums, ADifferenceIsNamed) {
  MakeTable();
  EXPECT_EQ(LoadWith("\"numFiles\":3", "\"numFiles\":3"), "loaded");
  EXPECT_THAT(LoadWith("\"numFiles\":3", "\"numFiles\":4"),
              HasSubstr("00000000000000000001.crc: numFiles is 4 in the checksum and 3 by the log"));
  EXPECT_THAT(LoadWith("\"tableSizeBytes\":30", "\"tableSizeBytes\":31"), HasSubstr("tableSizeBytes is 31"));
  EXPECT_THAT(LoadWith("\"numProtocol\":1", "\"numProtocol\":2"), HasSubstr("numProtocol is 2"));
  EXPECT_THAT(LoadWith("appendOnly", "invariants"), HasSubstr("the protocol"));
  EXPECT_THAT(LoadWith("5e3f6b1c", "5e3f6b1d"), HasSubstr("the table's id"));
  EXPECT_THAT(LoadWith("\"a\":\"b\"", "\"a\":\"c\""), HasSubstr("the configuration is [a=c]"));
  EXPECT_EQ(LoadWith("\"numFiles\"", "\"numFile\""), "loaded") << "no checksum, so nothing to believe";
  EXPECT_EQ(LoadWith("{", "["), "loaded");
}

// Two checkpoints whose names were exchanged: nothing inside tells, but the totals do.
TEST_F(VersionChecksums, ACheckpointWhoseNameLiesIsPassedOver) {
  MakeTable();
  Put(2, {SomeAdd("d")});
  ASSERT_TRUE(table_.WriteCheckpoint(1));
  ASSERT_TRUE(table_.WriteCheckpoint(2));
  const std::string first = store_.Get(Key(CheckpointName(1)), {})->bytes;
  ASSERT_TRUE(store_.Put(Key(CheckpointName(2)), first));
  EXPECT_EQ(table_.Load()->files.size(), 3U) << "which nobody can know";
  ASSERT_TRUE(store_.Put(Key(ChecksumName(2)), ToChecksumBytes(ChecksumOf(*table_.Load(1), {4, 40}, ""))));
  EXPECT_EQ(table_.Load()->files.size(), 4U);
}

TEST_F(VersionChecksums, OneThatIsThereStays) {
  MakeTable();
  ASSERT_TRUE(store_.Put(Key(ChecksumName(1)), "theirs"));
  EXPECT_TRUE(table_.WriteChecksum(*table_.Load(), "txn-1"));
  EXPECT_EQ(Recorded(1), "theirs");
  store_.next_put_fault = TestingStore::PutFault::kUnknownButWritten;
  EXPECT_TRUE(table_.WriteChecksum(*table_.Load(0), "txn-0"));
  store_.next_put_fault = TestingStore::PutFault::kUnavailable;
  EXPECT_EQ(table_.WriteChecksum(*table_.Load(0), "txn-0").error().kind(), ErrorKind::kUnavailable);
}

TEST_F(VersionChecksums, ManyTransactionsAreLeftOut) {
  MakeTable();
  std::vector<Action> actions;
  for (int app = 0; app < 100; ++app) actions.emplace_back(Txn{fmt::format("app{}", app), 1});
  Put(2, std::move(actions));
  const VersionChecksum checksum = ChecksumOf(*table_.Load(), {}, "");
  EXPECT_FALSE(checksum.txns);
  EXPECT_TRUE(checksum.domains);
}

TEST(VersionChecksumsOfOthers, AgreeWithEachVersion) {
  for (const auto* name : {"delta_tables/v2-checkpoints-json-with-sidecars",
                           "delta_tables/v2-checkpoints-parquet-without-sidecars"}) {
    RTL_NEED_PACKED_CORPUS(corpus, name);
    TestingStore store;
    store.ReadFolder(corpus.folder());
    const Table table(store, "");
    const Version newest = table.Load()->version;
    for (Version version = 0; version <= newest; ++version) {
      const std::string key = "_delta_log/" + ChecksumName(version);
      const auto recorded = ParseChecksum(store.Get(key, {})->bytes);
      ASSERT_TRUE(recorded) << recorded.error().message();
      const auto state = table.Load(version);
      ASSERT_TRUE(state) << state.error().message();
      EXPECT_EQ(recorded->num_files, static_cast<std::int64_t>(state->files.size()));
    }
    const std::string key = "_delta_log/" + ChecksumName(1);
    auto changed = ParseChecksum(store.Get(key, {})->bytes);
    ASSERT_TRUE(changed);
    ++changed->num_files;
    ASSERT_TRUE(store.Put(key, ToChecksumBytes(*changed)));
    const auto wrong = table.Load(1);
    ASSERT_FALSE(wrong) << name;
    EXPECT_EQ(wrong.error().kind(), ErrorKind::kBadData) << wrong.error().message();
  }
}

}  // namespace
}  // namespace rtl::delta
