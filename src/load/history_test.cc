// Versioned buckets: the identity is the version_id, which listings do not tell; source.history = "all".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "load/loader_under_test.h"
#include "store/faulty_store.h"

namespace rtl::load {
namespace {

using ::testing::ElementsAre;
using Counts = std::map<std::pair<std::string, std::string>, int>;

class History : public ::testing::Test {
 protected:
  History() { all_.all_versions = true; }

  void Write(const std::string& key, int rows, const std::string& generation) {
    ASSERT_TRUE(source_.Put(key, Lines(rows, generation)).has_value());
  }
  SyncReport Sync(const Options& options) {
    auto report = SyncOnce(source_, tables_, options);
    EXPECT_TRUE(report.has_value()) << report.error().message();
    return report ? *report : SyncReport{};
  }
  // "loaded 1", "replaced 2", "deleted 2", ... in the order of the log.
  std::vector<std::string> Log(const std::string& file) {
    auto rows = ReadRows(tables_, "file_log");
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
      return std::stoll(Field(a, "snapshot_version")) < std::stoll(Field(b, "snapshot_version"));
    });
    std::vector<std::string> log;
    for (const Row& row : rows) {
      if (Field(row, "source_file") == file)
        log.push_back(Field(row, "action") + " " + Field(row, "file_version"));
    }
    return log;
  }

  store::MemoryStore source_{{.etag_per_write = false, .versioned = true}};
  store::MemoryStore tables_;
  Options all_ = TestOptions();
};

TEST_F(History, EveryVersionThatCameWhileNothingRanIsInRaw) {
  Write("k", 3, "a");
  Sync(all_);
  for (int i = 1; i <= 50; ++i) Write("k", 1 + i % 4, "g" + std::to_string(i));
  const SyncReport report = Sync(all_);
  EXPECT_EQ(report.replaced, 50);
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"k", "g50"}, 3}}));
  std::map<std::string, std::string> generations;  // in raw, by file_version
  for (const Row& row : ReadRows(tables_, "customer_data_raw")) {
    generations[Field(row, "file_version")] = Field(row, "gen");
  }
  EXPECT_EQ(generations.size(), 51U);
  EXPECT_EQ(generations["2"], "g1");
  EXPECT_EQ(generations["51"], "g50");
  ExpectDerivedAgree(tables_);
  const SyncReport again = Sync(all_);
  EXPECT_EQ(again.commits, 0);
  EXPECT_EQ(again.up_to_date, 1);
}

TEST_F(History, DeletesBetweenVersionsAreMirrored) {
  Write("k", 1, "a");
  ASSERT_TRUE(source_.Delete("k").has_value());
  Write("k", 2, "b");
  Write("gone", 1, "c");
  ASSERT_TRUE(source_.Delete("gone").has_value());
  Sync(all_);
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"k", "b"}, 2}}));
  EXPECT_THAT(Log("k"), ElementsAre("loaded 1", "deleted 1", "loaded 2"));
  EXPECT_THAT(Log("gone"), ElementsAre("loaded 1", "deleted 1"));
  ASSERT_TRUE(source_.Delete("k").has_value());
  Sync(all_);
  Write("k", 3, "d");
  ASSERT_TRUE(source_.Delete("k").has_value());
  Sync(all_);
  EXPECT_TRUE(SnapshotCounts(tables_).empty());
  EXPECT_THAT(Log("k"),
              ElementsAre("loaded 1", "deleted 1", "loaded 2", "deleted 2", "loaded 3", "deleted 3"));
  EXPECT_EQ(Sync(all_).commits, 0);
  ExpectDerivedAgree(tables_);
}

TEST_F(History, AVersionRemovedForGoodLeavesTheOneBefore) {
  Write("k", 1, "a");
  Write("k", 2, "b");
  Sync(all_);
  source_.Forget("k", source_.Head("k")->version.version_id);
  Sync(all_);
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"k", "a"}, 1}}));
  EXPECT_EQ(Sync(all_).commits, 0);
}

TEST_F(History, KeysLoadedByNameBringTheirHistoryToo) {
  Write("k", 1, "a");
  const SleeplessClock clock;
  auto loader = Loader::Open(source_, tables_, all_, nullptr, true, clock);
  ASSERT_TRUE(loader.has_value());
  ASSERT_TRUE((*loader)->LoadKeys({"k"}, {}).has_value());
  Write("k", 2, "b");
  Write("k", 3, "c");
  const auto report = (*loader)->LoadKeys({"k"}, {});
  ASSERT_TRUE(report.has_value()) << report.error().message();
  EXPECT_TRUE(report->keys[0].handled);
  EXPECT_THAT(Log("k"), ElementsAre("loaded 1", "replaced 2", "replaced 3"));
  ExpectDerivedAgree(tables_);
}

TEST_F(History, WithoutItTheLatestAlone) {
  Write("k", 1, "a");
  Write("k", 2, "b");
  Sync(TestOptions());
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"k", "b"}, 2}}));
  EXPECT_THAT(Log("k"), ElementsAre("loaded 1"));
  for (const Row& row : ReadRows(tables_, "customer_data_snapshot")) {
    EXPECT_EQ(Field(row, "source_version"), source_.Head("k")->version.version_id);
  }
  // A→B→A: the listing shows the ETag it showed before; a HEAD finds another version of the same bytes.
  Write("k", 3, "c");
  Write("k", 2, "b");
  SyncReport report = Sync(TestOptions());
  EXPECT_EQ(report.unchanged, 1);
  EXPECT_EQ(Sync(TestOptions()).commits, 0);
  // From now on all of them; those before the last known one are past.
  Write("k", 4, "d");
  Write("k", 5, "e");
  report = Sync(all_);
  EXPECT_EQ(report.replaced, 2);
  ExpectDerivedAgree(tables_);
}

TEST_F(History, OperationsThatFailDoNotLoseOrDoubleAVersion) {
  for (std::int64_t at = 0;; ++at) {
    store::MemoryStore source({.etag_per_write = false, .versioned = true});
    store::MemoryStore tables;
    ASSERT_TRUE(source.Put("k", Lines(1, "a")).has_value());
    ASSERT_TRUE(SyncOnce(source, tables, all_).has_value());
    for (const char* generation : {"b", "c", "d"}) {
      ASSERT_TRUE(source.Put("k", Lines(2, generation)).has_value());
    }
    store::FaultyStore faulty_tables(tables,
                                     {.at = at, .fault = store::Fault::kAfter, .then_dead = at % 2 == 0});
    [[maybe_unused]] const auto faulty = SyncOnce(source, faulty_tables, all_);
    const bool over = faulty_tables.operations() <= at;
    ASSERT_TRUE(SyncOnce(source, tables, all_).has_value());
    EXPECT_EQ(SnapshotCounts(tables), (Counts{{{"k", "d"}, 2}})) << "operation " << at;
    std::set<std::string> generations;
    for (const Row& row : ReadRows(tables, "customer_data_raw")) generations.insert(Field(row, "gen"));
    EXPECT_EQ(generations.size(), 4U) << "operation " << at;
    ExpectDerivedAgree(tables);
    if (over) break;
  }
}

}  // namespace
}  // namespace rtl::load
