#include "load/maintenance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "delta/testing_clock.h"
#include "load/loader_under_test.h"
#include "load/testing_refusing_store.h"

namespace rtl::load {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class Told final : public Observer {
 public:
  void OnNotice(const std::string& line) override { Add(notices, line); }
  void OnUpkeep(const std::string& line) override { Add(done, line); }
  void WaitFor(const std::string& text) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return std::ranges::any_of(done, [&](const std::string& line) { return line.contains(text); });
    });
  }
  std::vector<std::string> notices;
  std::vector<std::string> done;

 private:
  void Add(std::vector<std::string>& lines, const std::string& line) {
    const std::lock_guard lock(mutex_);
    lines.push_back(line);
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
};

class MaintenanceTest : public testing::Test {
 protected:
  void Put(const std::string& key, const std::string& text) { ASSERT_TRUE(source_.Put(key, text)); }
  void Sync(store::ObjectStore* tables = nullptr) {
    store::ObjectStore& store = tables != nullptr ? *tables : tables_;
    const auto loader = Loader::Open(source_, store, options_, &observer_, true, clock_);
    ASSERT_TRUE(loader) << loader.error().message();
    const auto report = (*loader)->Sync({});
    ASSERT_TRUE(report) << report.error().message();
  }
  void SyncTimes(int count) {
    for (int i = 0; i < count; ++i) {
      Put("a", Lines(2, std::to_string(++generation_)) + "bad\n");
      Sync();
    }
  }
  bool HasCheckpoint(const std::string& table) {
    return tables_.Head(table + "/_delta_log/_last_checkpoint").has_value();
  }
  std::size_t Files(const std::string& name) { return delta::Table(tables_, name).Load()->files.size(); }

  delta::TestClock clock_;
  store::MemoryStore source_;
  store::MemoryStore tables_{{.clock = &clock_}};
  Options options_ = TestOptions();
  Told observer_;
  int generation_ = 0;
};

TEST_F(MaintenanceTest, CheckpointsAreWrittenAfterTheCommits) {
  options_.checkpoint_interval = 2;
  for (const bool single_threaded : {true, false}) {
    options_.single_threaded = single_threaded;
    for (const char* table : {"customer_data_snapshot", "customer_data_raw", "file_records"}) {
      ASSERT_TRUE(tables_.Delete(std::string(table) + "/_delta_log/_last_checkpoint"));
    }
    SyncTimes(2);
    for (const char* table : {"customer_data_snapshot", "customer_data_raw", "file_records"}) {
      EXPECT_TRUE(HasCheckpoint(table)) << table;
    }
  }
  EXPECT_THAT(observer_.notices, IsEmpty());
}

TEST_F(MaintenanceTest, ACheckpointThatFailsIsANotice) {
  options_.checkpoint_interval = 1;
  RefusingStore refusing(tables_, [](std::string_view key) { return key.contains(".checkpoint."); });
  Put("a", Lines(2, "1"));
  Sync(&refusing);
  EXPECT_EQ(SnapshotCounts(tables_).size(), 1U);
  EXPECT_THAT(observer_.notices, Contains(HasSubstr("no checkpoint was written")));
}

TEST_F(MaintenanceTest, ASyncDoesItAllWhereItIsToldTo) {
  options_.maintenance.small_files = 3;
  SyncTimes(5);
  EXPECT_GE(Files("customer_data_raw"), 5U);
  EXPECT_THAT(observer_.done, IsEmpty());
  options_.maintenance.on_sync = true;
  Sync();
  EXPECT_EQ(Files("customer_data_raw"), 1U);
  EXPECT_THAT(observer_.done, Contains(HasSubstr("customer_data_raw: 5 files became 1")));
  clock_.Advance(std::chrono::days(8));
  Sync();
  EXPECT_THAT(observer_.done, Contains(HasSubstr("vacuum: customer_data_snapshot: 4 files")));
  clock_.Advance(std::chrono::days(60));
  options_.checkpoint_interval = 3;
  Sync();
  clock_.Advance(std::chrono::days(60));
  SyncTimes(2);
  EXPECT_THAT(observer_.done, Contains(HasSubstr("log clean-up: customer_data_snapshot")));
  EXPECT_THAT(observer_.notices, IsEmpty());
  ExpectDerivedAgree(tables_);
}

TEST_F(MaintenanceTest, AnIntervalOfZeroIsNever) {
  options_.maintenance.on_sync = true;
  options_.maintenance.small_files = 2;
  options_.maintenance.optimize_interval = options_.maintenance.vacuum_interval =
      options_.maintenance.log_interval = std::chrono::milliseconds(0);
  SyncTimes(3);
  clock_.Advance(std::chrono::days(60));
  SyncTimes(1);
  EXPECT_THAT(observer_.done, IsEmpty());
}

TEST_F(MaintenanceTest, AFailureIsANoticeAndTheRestIsDone) {
  SyncTimes(2);
  options_.maintenance.on_sync = true;
  clock_.Advance(std::chrono::days(8));
  for (const char* table : {"customer_data_raw", "quarantine"}) {
    ASSERT_TRUE(tables_.Put(std::string(table) + "/orphan", "x"));
  }
  clock_.Advance(std::chrono::days(8));
  RefusingStore refusing(tables_, [](std::string_view key) { return key == "customer_data_raw/orphan"; });
  Sync(&refusing);
  EXPECT_THAT(observer_.notices, Contains(HasSubstr("vacuum failed, loading goes on")));
  EXPECT_FALSE(tables_.Head("quarantine/orphan"));
}

TEST_F(MaintenanceTest, AWatchDoesItAllBesideLoading) {
  options_.single_threaded = false;
  options_.maintenance.small_files = 3;
  options_.maintenance.optimize_interval = options_.maintenance.vacuum_interval =
      std::chrono::milliseconds(5);
  SyncTimes(4);
  clock_.Advance(std::chrono::days(8));
  const auto loader = Loader::Open(source_, tables_, options_, &observer_, true, clock_);
  std::stop_source stop;
  std::jthread watching([&] { EXPECT_TRUE((*loader)->Watch(stop.get_token())); });
  observer_.WaitFor("customer_data_raw: 4 files became 1");
  observer_.WaitFor("vacuum: ");
  stop.request_stop();
  watching.join();
  ExpectDerivedAgree(tables_);
}

TEST_F(MaintenanceTest, AWatchCompactsAPackedSnapshot) {
  options_.layout = Layout::kPacked;
  options_.maintenance.small_files = 3;
  for (const char* key : {"a", "b"}) {
    Put(key, Lines(2, "1"));
    Sync();
  }
  ASSERT_EQ(Files("customer_data_snapshot"), 2U);
  Put("c", Lines(2, "1"));
  options_.single_threaded = false;
  options_.maintenance.optimize_interval = std::chrono::milliseconds(5);
  const auto loader = Loader::Open(source_, tables_, options_, &observer_, true, clock_);
  std::stop_source stop;
  std::jthread watching([&] { EXPECT_TRUE((*loader)->Watch(stop.get_token())); });
  observer_.WaitFor("customer_data_snapshot: 3 files became 1");
  stop.request_stop();
  watching.join();
  EXPECT_THAT(observer_.notices, IsEmpty());
  EXPECT_EQ(SnapshotCounts(tables_).size(), 3U);
  ExpectDerivedAgree(tables_);
}

TEST_F(MaintenanceTest, OnlyOneOfTheLoadersThatShareASourceDoesIt) {
  options_.single_threaded = false;
  options_.shards = 2;
  options_.shard = 1;
  options_.maintenance.vacuum_interval = std::chrono::milliseconds(1);
  options_.checkpoint_interval = 1;
  ASSERT_TRUE(source_.Put("a", Lines(2, "1")));
  ASSERT_TRUE(source_.Put("b", Lines(2, "1")));
  options_.list_interval = std::chrono::milliseconds(5);
  {
    const auto loader = Loader::Open(source_, tables_, options_, &observer_, true, clock_);
    ASSERT_TRUE(tables_.Put("customer_data_raw/orphan", "x"));
    clock_.Advance(std::chrono::days(8));
    std::stop_source stop;
    std::jthread watching([&] { EXPECT_TRUE((*loader)->Watch(stop.get_token())); });
    (*loader)->Hint("a", [&](bool) { stop.request_stop(); });
    watching.join();
  }
  EXPECT_TRUE(tables_.Head("customer_data_raw/orphan"));
}

}  // namespace
}  // namespace rtl::load
