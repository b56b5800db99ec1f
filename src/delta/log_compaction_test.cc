// Loads through log compactions (protocol: "Log Compaction Files").
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/log_listing.h"
#include "delta/log_names.h"
#include "delta/table.h"
#include "delta/testing_actions.h"
#include "delta/testing_corpora.h"
#include "delta/testing_store.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

std::string Key(std::string_view name) {
  return fmt::format("t/_delta_log/{}", name);
}
std::string CompactionKey(Version first, Version last) {
  return Key(fmt::format("{:020}.{:020}.compacted.json", first, last));
}

DeletionVectorDescriptor Vector(std::string_view id) {
  return {.path_or_inline = std::string(id), .size_in_bytes = 4, .cardinality = 1};
}

class LogCompaction : public testing::Test {
 protected:
  // Version n adds f<n> and removes f<n-2>.
  void MakeTable(Version last) {
    Put(0, {Protocol{}, SomeMetadata()});
    for (Version version = 1; version <= last; ++version) {
      std::vector<Action> actions{SomeAdd(fmt::format("f{}", version)), Txn{"app", version}};
      if (version > 2) actions.push_back(RemoveOf(SomeAdd(fmt::format("f{}", version - 2)), 9, true));
      Put(version, std::move(actions));
    }
  }
  void Put(Version version, std::vector<Action> actions) {
    actions.push_back(InfoWith(fmt::format("txn-{}", version)));
    ASSERT_EQ(table_.PutCommit(version, actions), PutOutcome::kCommitted);
  }
  void Compact(Version first, Version last, const std::vector<Action>& actions) {
    ASSERT_TRUE(store_.Put(CompactionKey(first, last), ToCommitBytes(actions)));
  }
  // Of versions 2..4 of the table above.
  std::vector<Action> Compacted() {
    return {Txn{"app", 4}, SomeAdd("f3"), SomeAdd("f4"), RemoveOf(SomeAdd("f1"), 9, true),
            RemoveOf(SomeAdd("f2"), 9, true)};
  }
  std::string Files(std::optional<Version> version = std::nullopt) {
    const auto state = table_.Load(version);
    if (!state) return state.error().message();
    std::string text;
    for (const Add& add : state->files.Sorted()) text += add.path + " ";
    return fmt::format("{}app {}", text, state->txns.empty() ? -1 : state->txns.at("app").version);
  }
  std::size_t GetsOfALoad() {
    store_.gets = 0;
    EXPECT_TRUE(table_.Load());
    return store_.gets;
  }

  TestingStore store_;
  FixedClock clock_{0};
  Table table_{store_, "t", clock_};
};

TEST_F(LogCompaction, StandsForItsCommits) {
  MakeTable(6);
  const std::string from_commits = Files();
  EXPECT_EQ(from_commits, "f5 f6 app 6");
  const std::size_t gets = GetsOfALoad();
  Compact(2, 4, Compacted());
  EXPECT_EQ(GetsOfALoad(), gets - 2) << "one object in place of three";
  EXPECT_EQ(Files(), from_commits);
  EXPECT_EQ(Files(4), "f3 f4 app 4");
  EXPECT_EQ(Files(3), "f2 f3 app 3") << "reaches beyond that version, so it is not used";
}

TEST_F(LogCompaction, ADamagedOneIsPassedOver) {
  MakeTable(5);
  const std::string good = ToCommitBytes(Compacted());
  std::vector<Action> twice = Compacted();
  twice.push_back(SomeAdd("f3"));
  std::vector<Action> contradictory = Compacted();
  contradictory.push_back(SomeAdd("f1"));
  for (const std::string& bad : {std::string(), std::string("{"), good.substr(0, good.size() / 2),
                                 ToCommitBytes(twice), ToCommitBytes(contradictory)}) {
    ASSERT_TRUE(store_.Put(CompactionKey(2, 4), bad));
    EXPECT_EQ(Files(), "f4 f5 app 5") << bad;
  }
}

TEST_F(LogCompaction, ADamagedOneWithoutItsCommitsIsAGap) {
  MakeTable(5);
  ASSERT_TRUE(store_.Put(CompactionKey(2, 4), "{"));
  ASSERT_TRUE(store_.Delete(Key(CommitName(3))));
  EXPECT_THAT(Files(), HasSubstr("no commit 3"));
}

TEST_F(LogCompaction, TombstonesOfOneFileWithSeveralVectors) {
  Protocol protocol{.min_reader_version = 1, .min_writer_version = 2};
  Add file = SomeAdd("f");
  Put(0, {protocol, SomeMetadata(), file});
  Add first = file;
  first.deletion_vector = Vector("first");
  Put(1, {first, RemoveOf(file, 1, true)});
  Add second = file;
  second.deletion_vector = Vector("second");
  Put(2, {second, RemoveOf(first, 1, true)});
  Compact(1, 2, {second, RemoveOf(first, 1, true), RemoveOf(file, 1, true)});
  store_.gets = 0;
  const auto state = table_.Load();
  ASSERT_TRUE(state) << state.error().message();
  EXPECT_EQ(store_.gets, 3U) << "no hint, the compaction, the first commit";
  EXPECT_EQ(state->files.Find("f")->deletion_vector, second.deletion_vector);

  // Two of its logical files cannot be active at once.
  Compact(1, 2, {first, second, RemoveOf(file, 1, true)});
  EXPECT_EQ(table_.Load()->files.Find("f")->deletion_vector, second.deletion_vector);
}

TEST_F(LogCompaction, ARemovedDomainStaysRemoved) {
  Put(0, {Protocol{}, SomeMetadata(), DomainMetadata{"d", "x"}});
  Put(1, {DomainMetadata{"d", "x", true}});
  Put(2, {SomeAdd("f")});
  Compact(1, 2, {SomeAdd("f"), DomainMetadata{"d", "x", true}});
  EXPECT_TRUE(table_.Load()->domains.empty());
}

// Its compactions hold what its commits say one after the other, unreconciled: they count as damaged.
TEST(LogCompactionOfOthers, SaysWhatTheCommitsSay) {
  RTL_NEED_PACKED_CORPUS(corpus, "delta_tables/compacted-log-files-table");
  TestingStore store;
  store.ReadFolder(corpus.folder());
  // Deletion vectors are not the matter here.
  std::string first = store.Get("_delta_log/" + CommitName(0), {})->bytes;
  for (const auto at : {first.rfind("\"deletionVectors\""), first.find("\"deletionVectors\"")}) {
    first.replace(at, 17, "\"vacuumProtocolCheck\"");
  }
  ASSERT_TRUE(store.Put("_delta_log/" + CommitName(0), first));
  const Table table(store, "");
  for (Version version = 0; version <= 25; ++version) {
    store.Clear();
    store.ReadFolder(corpus.folder());
    ASSERT_TRUE(store.Put("_delta_log/" + CommitName(0), first));
    const auto state = table.Load(version);
    ASSERT_TRUE(state) << state.error().message();
    const auto listing = ListLog(store, "_delta_log/", 0);
    ASSERT_EQ(listing->compactions.size(), 3U);
    for (const CompactionFile& compaction : listing->compactions) {
      ASSERT_TRUE(store.Delete(compaction.info.key));
    }
    const auto replayed = table.Load(version);
    ASSERT_TRUE(replayed) << replayed.error().message();
    EXPECT_EQ(state->metadata.configuration, replayed->metadata.configuration);
    EXPECT_EQ(state->files.size(), replayed->files.size()) << version;
    for (const Add& add : replayed->files.Sorted()) {
      ASSERT_TRUE(state->files.Contains(add.path)) << version;
      EXPECT_EQ(state->files.Find(add.path)->deletion_vector, add.deletion_vector);
    }
  }
}

}  // namespace
}  // namespace rtl::delta
