// Hints that name the wrong key, or a name that cannot stand in a table, must cost nobody their rows.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "load/loader_under_test.h"

namespace rtl::load {
namespace {

using Counts = std::map<std::pair<std::string, std::string>, int>;

TEST(Watch, AHintOfOneKeyDoesNotDeleteTheRowsOfAnother) {
  store::MemoryStore source;
  store::MemoryStore tables;
  Options options = TestOptions();
  options.single_threaded = false;
  options.source_pattern = "(?:.*/)?id-(\\d+)\\.txt";
  ASSERT_TRUE(source.Put("a/id-1.txt", Lines(2, "a")).has_value());
  ASSERT_TRUE(source.Put("b/id-1.txt", Lines(3, "b")).has_value());
  ASSERT_TRUE(source.Put("inv\xff/id-2.txt", Lines(1, "c")).has_value());
  ASSERT_TRUE(SyncOnce(source, tables, options).has_value());

  auto loader = Loader::Open(source, tables, options, nullptr, true);
  ASSERT_TRUE(loader.has_value()) << loader.error().message();
  ASSERT_TRUE(source.Delete("b/id-1.txt").has_value());
  ASSERT_TRUE(source.Delete("inv\xff/id-2.txt").has_value());
  (*loader)->Hint("b/id-1.txt");
  (*loader)->Hint("inv\xff/id-2.txt");
  ASSERT_TRUE(source.Put("id-9.txt", Lines(1, "d")).has_value());
  (*loader)->Hint("id-9.txt");

  std::stop_source stop;
  Result<SyncReport> report;
  std::jthread watching([&] { report = (*loader)->Watch(stop.get_token()); });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const Counts expected{{{"1", "a"}, 2}, {{"9", "d"}, 1}};
  while (SnapshotCounts(tables) != expected && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  stop.request_stop();
  watching.join();
  ASSERT_TRUE(report.has_value()) << report.error().message();
  EXPECT_EQ(SnapshotCounts(tables), expected);
  EXPECT_TRUE(report->converged());
}

}  // namespace
}  // namespace rtl::load
