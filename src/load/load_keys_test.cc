// Runs over named keys, bounded runs, shards, repair.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "load/ledger_entry.h"
#include "load/loader_under_test.h"

namespace rtl::load {
namespace {

using ::testing::HasSubstr;
using Counts = std::map<std::pair<std::string, std::string>, int>;

class Keys : public ::testing::Test {
 protected:
  std::unique_ptr<Loader> Open(const Options& options = TestOptions()) {
    auto loader = Loader::Open(source_, tables_, options, nullptr, true, clock_);
    EXPECT_TRUE(loader.has_value()) << loader.error().message();
    return std::move(*loader);
  }
  void Write(const std::string& key, int rows, const std::string& generation) {
    ASSERT_TRUE(source_.Put(key, Lines(rows, generation)).has_value());
  }
  std::vector<Row> LogOf(const std::string& file) {
    std::vector<Row> rows;
    for (Row& row : ReadRows(tables_, "file_log")) {
      if (Field(row, "source_file") == file) rows.push_back(std::move(row));
    }
    return rows;
  }

  const SleeplessClock clock_;
  store::MemoryStore source_;
  store::MemoryStore tables_;
};

TEST_F(Keys, LoadsJustThoseNamed) {
  Write("a", 2, "1");
  Write("b", 3, "1");
  Write("c", 4, "1");
  const auto loader = Open();
  auto report = loader->LoadKeys({"a", "c", "a", "_hidden", "gone"}, {});
  ASSERT_TRUE(report.has_value()) << report.error().message();
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"a", "1"}, 2}, {{"c", "1"}, 4}}));
  ASSERT_EQ(report->keys.size(), 5U);
  for (const auto& key : report->keys) EXPECT_TRUE(key.handled) << key.key << ": " << key.problem;
  ExpectDerivedAgree(tables_);

  Write("a", 5, "2");
  ASSERT_TRUE(source_.Delete("c").has_value());
  report = loader->LoadKeys({"c", "a"}, {});
  ASSERT_TRUE(report.has_value()) << report.error().message();
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"a", "2"}, 5}}));
  EXPECT_EQ(report->sync.deleted, 1);
  EXPECT_EQ(report->sync.replaced, 1);
}

TEST_F(Keys, TellsWhatIsHeldAndGoesOn) {
  ASSERT_TRUE(source_.Put("bad", "no json\nnor this\n").has_value());
  Write("good", 1, "1");
  const auto report = Open()->LoadKeys({"bad", "good"}, {});
  ASSERT_TRUE(report.has_value()) << report.error().message();
  EXPECT_TRUE(report->keys[0].handled);  // it will not become better by trying again
  EXPECT_THAT(report->keys[0].problem, HasSubstr("lines are bad"));
  EXPECT_EQ(report->keys[1].problem, "");
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"good", "1"}, 1}}));
}

TEST_F(Keys, ABoundedRunLeavesTheRestForTheNext) {
  for (int i = 0; i < 10; ++i) Write("f" + std::to_string(i), 1, "1");
  const auto loader = Open();
  auto report = loader->Sync({}, {.max_files = 4});
  ASSERT_TRUE(report.has_value()) << report.error().message();
  EXPECT_EQ(report->loaded, 4);
  EXPECT_EQ(report->left_over, 6);
  const auto size = static_cast<std::int64_t>(Lines(1, "1").size());
  report = loader->Sync({}, {.max_bytes = 2 * size});
  EXPECT_EQ(report->loaded, 2);
  EXPECT_EQ(report->left_over, 4);
  report = loader->Sync({}, {.max_bytes = 1});  // one file at least, or it would never end
  EXPECT_EQ(report->loaded, 1);
  report = loader->Sync({}, {});
  EXPECT_EQ(report->loaded, 3);
  EXPECT_EQ(report->left_over, 0);
  EXPECT_EQ(SnapshotCounts(tables_).size(), 10U);
}

TEST_F(Keys, ShardsShareTheSourceAndDeleteOnlyTheirOwn) {
  constexpr int kFiles = 40;
  for (int i = 0; i < kFiles; ++i) Write("f" + std::to_string(i), 1, "1");
  std::int64_t loaded = 0;
  std::int64_t deleted = 0;
  for (int pass = 0; pass < 2; ++pass) {
    for (int shard = 0; shard < 3; ++shard) {
      Options options = TestOptions();
      options.guard.allow_mass_delete = true;
      options.shards = 3;
      options.shard = shard;
      const auto report = Open(options)->Sync({});
      ASSERT_TRUE(report.has_value()) << report.error().message();
      EXPECT_LT(report->loaded, kFiles);
      EXPECT_LT(report->deleted, kFiles);
      if (pass == 1 && shard == 0) {
        EXPECT_EQ(SnapshotCounts(tables_).size(), static_cast<std::size_t>(kFiles - report->deleted));
      }
      loaded += report->loaded;
      deleted += report->deleted;
    }
    for (int i = 0; i < kFiles; ++i) ASSERT_TRUE(source_.Delete("f" + std::to_string(i)).has_value());
  }
  EXPECT_EQ(loaded, kFiles);
  EXPECT_EQ(deleted, kFiles);
  EXPECT_TRUE(SnapshotCounts(tables_).empty());
}

TEST_F(Keys, RepairLoadsAgainUnderTheSameVersionAndNotIntoRaw) {
  Write("a", 3, "1");
  Write("b", 2, "1");
  auto loader = Open();
  ASSERT_TRUE(loader->Sync({}).has_value());
  // Somebody damages the data file of a.
  const delta::Table snapshot(tables_, "customer_data_snapshot");
  const auto state = snapshot.Load();
  ASSERT_TRUE(state.has_value());
  for (const delta::Add& add : state->files.Sorted()) {
    const auto tag = ParseTags(add.tags);
    if (!tag || tag->source_file != "a") continue;
    ASSERT_TRUE(tables_.Put(snapshot.DataKey(add.path), "damaged").has_value());
  }
  loader = Open();
  auto verified = loader->Verify(false, {});
  ASSERT_TRUE(verified.has_value()) << verified.error().message();
  ASSERT_EQ(verified->differences.size(), 1U);
  EXPECT_EQ(verified->differences[0].source_file, "a");

  const auto repaired = loader->Repair(*verified, {});
  ASSERT_TRUE(repaired.has_value()) << repaired.error().message();
  EXPECT_EQ(repaired->files_seen, 1);
  verified = loader->Verify(false, {});
  ASSERT_TRUE(verified.has_value()) << verified.error().message();
  EXPECT_TRUE(verified->differences.empty()) << verified->differences[0].what;
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"a", "1"}, 3}, {{"b", "1"}, 2}}));
  for (const Row& row : ReadRows(tables_, "customer_data_snapshot"))
    EXPECT_EQ(Field(row, "file_version"), "1");
  EXPECT_EQ(LogOf("a").size(), 2U);
  int in_raw = 0;
  const auto raw = delta::Table(tables_, "customer_data_raw").Load();
  ASSERT_TRUE(raw.has_value());
  for (const delta::Add& add : raw->files.Sorted()) {
    in_raw += add.stats.find("\"source_file\":\"a\"") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(in_raw, 1);

  Write("a", 4, "2");
  ASSERT_TRUE(loader->Sync({}).has_value());
  for (const Row& row : ReadRows(tables_, "customer_data_snapshot")) {
    EXPECT_EQ(Field(row, "file_version"), Field(row, "source_file") == "a" ? "2" : "1");
  }
}

TEST_F(Keys, RepairLoadsWhatHasChangedAsANewVersion) {
  Write("a", 3, "1");
  auto loader = Open();
  ASSERT_TRUE(loader->Sync({}).has_value());
  Write("a", 4, "2");
  const auto verified = loader->Verify(false, {});
  ASSERT_EQ(verified->differences.size(), 1U);
  ASSERT_TRUE(loader->Repair(*verified, {}).has_value());
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"a", "2"}, 4}}));
  ExpectDerivedAgree(tables_);
}

TEST_F(Keys, EveryHintIsAnsweredOnce) {
  Options options = TestOptions();
  options.single_threaded = false;
  Write("a", 2, "1");
  const auto loader = Open(options);
  std::atomic<int> handled = 0;
  std::atomic<int> given_up = 0;
  const auto hint = [&](const std::string& key) {
    loader->Hint(key, [&](bool done) { ++(done ? handled : given_up); });
  };
  std::stop_source stop;
  Result<SyncReport> report;
  std::jthread watching([&] { report = loader->Watch(stop.get_token()); });
  constexpr int kHints = 200;
  for (int i = 0; i < kHints; ++i) {
    if (i % 20 == 0) Write("a", 1 + i, std::to_string(i));
    hint(i % 3 == 0 ? "a" : i % 3 == 1 ? "gone" : "_ignored");
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (handled < kHints && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_EQ(handled, kHints);
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"a", "180"}, 181}}));
  // What a stop overtakes is told so.
  for (int i = 0; i < 50; ++i) hint("a");
  stop.request_stop();
  watching.join();
  hint("late");
  ASSERT_TRUE(report.has_value()) << report.error().message();
  EXPECT_EQ(handled + given_up, kHints + 51);
  EXPECT_GE(given_up, 1);
}

}  // namespace
}  // namespace rtl::load
