#include "load/compaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "load/ledger_entry.h"
#include "load/loader_under_test.h"

namespace rtl::load {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

delta::Add FileOf(const std::string& path, std::int64_t bytes, const FileTag& tag) {
  delta::Add add;
  add.path = path;
  add.size = bytes;
  add.tags = ToTags(tag);
  return add;
}

TEST(PlanKeyCompaction, MergesSmallFilesAndTagsTheOthersAnew) {
  const FileTag tag{.source_file = "a", .rows = 9, .files = 3};
  const delta::PackOptions pack{.target_bytes = 100};
  const auto job =
      PlanKeyCompaction({FileOf("1", 10, tag), FileOf("2", 90, tag), FileOf("3", 10, tag)}, pack);
  ASSERT_TRUE(job);
  ASSERT_THAT(job->bins, SizeIs(1));
  EXPECT_THAT(job->bins[0], SizeIs(2));
  ASSERT_THAT(job->companions, SizeIs(1));
  EXPECT_EQ(job->companions[0].path, "2");
}

TEST(PlanKeyCompaction, LeavesFilesThatDoNotAgreeOrAreNotAllThere) {
  const FileTag tag{.source_file = "a", .rows = 9, .files = 2};
  FileTag older = tag;
  older.file_version = 7;
  const delta::PackOptions pack{.target_bytes = 100};
  EXPECT_TRUE(PlanKeyCompaction({FileOf("1", 10, tag), FileOf("2", 10, tag)}, pack));
  EXPECT_FALSE(PlanKeyCompaction({FileOf("1", 10, tag), FileOf("2", 10, older)}, pack));
  EXPECT_FALSE(PlanKeyCompaction({FileOf("1", 10, tag)}, pack));
  EXPECT_FALSE(PlanKeyCompaction({FileOf("1", 10, tag), FileOf("2", 10, tag), FileOf("3", 10, tag)}, pack));
  EXPECT_FALSE(PlanKeyCompaction({FileOf("1", 90, tag), FileOf("2", 10, tag)}, pack));
  delta::Add struck = FileOf("2", 10, tag);
  struck.deletion_vector.emplace();
  EXPECT_FALSE(PlanKeyCompaction({FileOf("1", 10, tag), struck}, pack));
}

// Rows that fill `slices` slices of the decoder, each with a column of its own: so many data files.
std::string ManyFiles(int slices, const std::string& generation) {
  std::string text;
  for (int slice = 0; slice < slices; ++slice) {
    for (int i = 0; i < 5; ++i) {
      text += fmt::format("{{\"n\": \"{}-{}\", \"gen\": \"{}\", \"c{}\": \"{}\"}}\n", slice, i, generation,
                          slice, std::string(1 << 20, 'x'));
    }
  }
  return text;
}

using Counts = std::map<std::pair<std::string, std::string>, int>;

class CompactionTest : public testing::Test {
 protected:
  SyncReport Sync() {
    const auto report = SyncOnce(source_, tables_);
    EXPECT_TRUE(report) << report.error().message();
    return report.value_or(SyncReport{});
  }
  void Put(const std::string& key, const std::string& text) { ASSERT_TRUE(source_.Put(key, text)); }
  // So many commits to each table.
  void SyncGenerations(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string generation = std::to_string(++generation_);
      Put("a", Lines(3, generation) + "bad\n");
      Put("b" + generation, Lines(2, generation));
      Sync();
    }
  }
  delta::OptimizeReport Run(Role role, store::ObjectStore* store = nullptr) {
    const TableSet set = MakeTableSet(store != nullptr ? *store : tables_, options_, SystemClock());
    const auto report = Compact(*set.Find(role), role, {});
    EXPECT_TRUE(report) << report.error().message();
    return report.value_or(delta::OptimizeReport{});
  }
  std::size_t Files(const std::string& name) { return delta::Table(tables_, name).Load()->files.size(); }
  void ExpectNothingLeftToDo() {
    EXPECT_EQ(Sync().commits, 0);
    const auto loader = Loader::Open(source_, tables_, options_, nullptr, false);
    const auto verified = (*loader)->Verify(false, {});
    ASSERT_TRUE(verified) << verified.error().message();
    EXPECT_THAT(verified->differences, IsEmpty());
    ExpectDerivedAgree(tables_);
  }

  Options options_ = TestOptions();
  store::MemoryStore source_;
  store::MemoryStore tables_;
  int generation_ = 0;
};

TEST_F(CompactionTest, DerivedTablesArePackedWithTheSameRows) {
  SyncGenerations(8);
  for (const auto& [role, name] : std::map<Role, std::string>{{Role::kRaw, "customer_data_raw"},
                                                              {Role::kFileLog, "file_log"},
                                                              {Role::kQuarantine, "quarantine"}}) {
    auto before = ReadRows(tables_, name);
    EXPECT_GE(Files(name), 8U);
    EXPECT_GE(Run(role).removed, 8) << name;
    EXPECT_EQ(Files(name), 1U);
    auto after = ReadRows(tables_, name);
    std::ranges::sort(before);
    std::ranges::sort(after);
    EXPECT_EQ(before, after) << name;
    EXPECT_EQ(Run(role).version, -1);
  }
  EXPECT_EQ(Run(Role::kFileRecords).version, -1);
  ExpectNothingLeftToDo();
  SyncGenerations(2);
  ExpectNothingLeftToDo();
}

TEST_F(CompactionTest, StatisticsAreThoseOfTheRows) {
  SyncGenerations(4);
  Run(Role::kRaw);
  const auto raw = delta::Table(tables_, "customer_data_raw").Load();
  const std::string stats = raw->files.Sorted()[0].stats;
  EXPECT_THAT(stats, testing::HasSubstr("\"numRecords\":20"));
  EXPECT_THAT(stats, testing::HasSubstr("\"source_file\":\"a\""));
  EXPECT_THAT(stats, testing::HasSubstr("\"source_file\":\"b4\""));
}

TEST_F(CompactionTest, FilesOfAKeyAreMergedAndTheKeyIsReplacedAsBefore) {
  Put("big", ManyFiles(3, "1"));
  Put("small", Lines(2, "1"));
  Sync();
  const Counts before = SnapshotCounts(tables_);
  const std::size_t files = Files("customer_data_snapshot");
  ASSERT_GE(files, 4U);
  const delta::OptimizeReport report = Run(Role::kSnapshot);
  EXPECT_EQ(report.removed, static_cast<std::int64_t>(files) - 1);
  EXPECT_EQ(Files("customer_data_snapshot"), 2U);
  EXPECT_EQ(SnapshotCounts(tables_), before);
  ExpectNothingLeftToDo();

  Put("big", ManyFiles(2, "2"));
  EXPECT_EQ(Sync().replaced, 1);
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"big", "2"}, 10}, {{"small", "1"}, 2}}));
  ExpectNothingLeftToDo();
}

// The loader read its ledger before, and finds the files it wants to take away gone.
TEST_F(CompactionTest, ALoaderThatPlannedOnTheOldFilesPlansAgain) {
  Put("big", ManyFiles(3, "1"));
  Sync();
  class CompactOnce final : public Observer {
   public:
    explicit CompactOnce(std::function<void()> compact) : compact_(std::move(compact)) {}
    void OnPlanned(std::int64_t, std::int64_t) override {
      if (compact_) std::exchange(compact_, nullptr)();
    }

   private:
    std::function<void()> compact_;
  };
  for (const bool deleted : {false, true}) {
    if (deleted) {
      ASSERT_TRUE(source_.Delete("big"));
    } else {
      Put("big", ManyFiles(3, "2"));
    }
    CompactOnce observer([&] { EXPECT_EQ(Run(Role::kSnapshot).commits, 1); });
    const SleeplessClock clock;
    const auto loader = Loader::Open(source_, tables_, options_, &observer, false, clock);
    const auto report = (*loader)->Sync({});
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(SnapshotCounts(tables_), deleted ? Counts{} : (Counts{{{"big", "2"}, 15}}));
    ExpectNothingLeftToDo();
  }
}

TEST_F(CompactionTest, RacesWithALoader) {
  Put("big", ManyFiles(2, "0"));
  Sync();
  std::atomic<bool> done = false;
  std::jthread loading([&] {
    for (int i = 1; i <= 12; ++i) {
      ASSERT_TRUE(source_.Put("big", ManyFiles(2 + i % 2, std::to_string(i))));
      ASSERT_TRUE(source_.Put("small", Lines(3, std::to_string(i)) + "bad\n"));
      const auto report = SyncOnce(source_, tables_);
      ASSERT_TRUE(report) << report.error().message();
    }
    done = true;
  });
  while (!done) {
    for (const Role role : {Role::kSnapshot, Role::kRaw, Role::kFileLog, Role::kQuarantine}) Run(role);
    if (HasFailure()) break;
  }
  loading.join();
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"big", "12"}, 10}, {{"small", "12"}, 3}}));
  ExpectNothingLeftToDo();
  const auto newest = delta::Table(tables_, "customer_data_snapshot").Load();
  for (delta::Version version = 1; version <= newest->version; ++version) {
    std::map<std::string, std::set<std::string>> generations;
    for (const Row& row : ReadRows(tables_, "customer_data_snapshot", version)) {
      generations[Field(row, "source_file")].insert(Field(row, "gen"));
    }
    for (const auto& [key, seen] : generations) EXPECT_THAT(seen, SizeIs(1)) << key << " at " << version;
  }
}

}  // namespace
}  // namespace rtl::load
