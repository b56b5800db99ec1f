#include "load/table_upkeep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "delta/checkpoint_policy.h"
#include "delta/log_names.h"
#include "delta/table_features.h"
#include "delta/testing_clock.h"
#include "load/loader_under_test.h"
#include "load/testing_refusing_store.h"

namespace rtl::load {
namespace {

using std::chrono::days;
using testing::HasSubstr;

class TableUpkeepTest : public testing::Test {
 protected:
  Result<SyncReport> Sync(store::ObjectStore& tables) {
    RTL_TRY(const auto loader, Loader::Open(source_, tables, options_, nullptr, true, clock_));
    return loader->Sync({});
  }
  void SyncWell() {
    const auto report = Sync(tables_);
    ASSERT_TRUE(report) << report.error().message();
  }
  // Everything is committed to the snapshot, and one table does not get to absorb it.
  void SyncWithout(const std::string& table) {
    RefusingStore refusing(tables_,
                           [&](std::string_view key) { return key.starts_with(table + "/_delta_log/0"); });
    EXPECT_FALSE(Sync(refusing));
  }
  void Put(const std::string& key, const std::string& text) { ASSERT_TRUE(source_.Put(key, text)); }
  void RemoveFolder(const std::string& prefix) {
    const auto listed = store::ListAll(tables_, prefix);
    for (const store::ObjectInfo& info : *listed) ASSERT_TRUE(tables_.Delete(info.key));
  }
  UpkeepTable TableOf(Role role) const { return {*set_.Find(role), &set_, role}; }

  delta::TestClock clock_;
  store::MemoryStore source_{{.clock = &clock_}};
  store::MemoryStore tables_{{.clock = &clock_}};
  Options options_ = TestOptions();
  TableSet set_ = MakeTableSet(tables_, options_, clock_, true);
};

TEST_F(TableUpkeepTest, VacuumKeepsWhatADerivedTableHasYetToAbsorb) {
  Put("a", Lines(2, "1") + "bad\n");
  SyncWell();
  for (const auto& [role, name] :
       std::map<Role, std::string>{{Role::kRaw, "customer_data_raw"}, {Role::kQuarantine, "quarantine"}}) {
    Put("a", Lines(3, name) + "bad\nbad\n");
    SyncWithout(name);
    ASSERT_TRUE(tables_.Put(name + "/orphan", "x"));
    clock_.Advance(days(30));
    const auto report = VacuumTable(TableOf(role), {});
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->files, 1);
    EXPECT_FALSE(tables_.Head(name + "/orphan"));
    SyncWell();
    ExpectDerivedAgree(tables_);
  }
}

TEST_F(TableUpkeepTest, VacuumDeletesNothingWhereTheLedgerIsGone) {
  Put("a", Lines(2, "1"));
  SyncWell();
  Put("a", Lines(3, "2"));
  SyncWithout("customer_data_raw");
  const auto state = set_.snapshot.Load();
  ASSERT_TRUE(set_.snapshot.WriteCheckpoint(state->version));
  ASSERT_TRUE(tables_.Delete("customer_data_snapshot/_delta_log/" + delta::CommitName(state->version)));
  ASSERT_TRUE(tables_.Put("customer_data_raw/orphan", "x"));
  clock_.Advance(days(30));
  const auto report = VacuumTable(TableOf(Role::kRaw), {});
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message(), HasSubstr("nothing was deleted"));
  EXPECT_TRUE(tables_.Head("customer_data_raw/orphan"));
}

TEST_F(TableUpkeepTest, TheLedgerIsKeptAsFarAsADerivedTableNeedsIt) {
  for (int i = 0; i < 5; ++i) {
    Put("a", Lines(2, std::to_string(i)));
    SyncWell();
  }
  const Version absorbed = set_.snapshot.Load()->version;
  ASSERT_TRUE(set_.snapshot.WriteCheckpoint(absorbed - 1));
  for (int i = 5; i < 8; ++i) {
    Put("a", Lines(2, std::to_string(i)));
    SyncWithout("file_log");
  }
  const Version newest = set_.snapshot.Load()->version;
  ASSERT_GT(newest, absorbed);
  ASSERT_TRUE(set_.snapshot.WriteCheckpoint(newest));
  clock_.Advance(days(60));

  const auto first = CleanTableLog(TableOf(Role::kSnapshot), {});
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_EQ(first->report.kept_from, absorbed - 1);
  EXPECT_EQ(first->absorbed->version, absorbed);
  EXPECT_EQ(first->absorbed->behind, "file_log");
  SyncWell();
  ExpectDerivedAgree(tables_);
  const auto second = CleanTableLog(TableOf(Role::kSnapshot), {});
  ASSERT_TRUE(second) << second.error().message();
  EXPECT_EQ(second->report.kept_from, newest);
  Put("a", Lines(2, "after"));
  SyncWell();
  ExpectDerivedAgree(tables_);
}

TEST_F(TableUpkeepTest, ATableThatIsSwitchedOffOrMissingCountsToo) {
  Put("a", Lines(2, "1"));
  SyncWell();
  options_.raw = false;
  Put("a", Lines(2, "2"));
  SyncWell();
  const auto snapshot = set_.snapshot.Load();
  EXPECT_EQ(AbsorbedByAll(set_, *snapshot)->version, snapshot->version - 1);
  EXPECT_EQ(AbsorbedByAll(set_, *snapshot)->behind, "customer_data_raw");
  RemoveFolder("customer_data_raw/");
  EXPECT_EQ(AbsorbedByAll(set_, *snapshot)->version, snapshot->version);
  RemoveFolder("file_records/");
  EXPECT_EQ(AbsorbedByAll(set_, *snapshot)->version, -1);
}

TEST_F(TableUpkeepTest, OtherTablesObeyTheirOwnProperty) {
  Put("a", Lines(2, "1"));
  SyncWell();
  const auto foreign = CleanTableLog({set_.snapshot, nullptr, std::nullopt}, {});
  EXPECT_EQ(foreign.error().kind(), ErrorKind::kBadConfig);
}

TEST_F(TableUpkeepTest, ACheckpointIsWrittenWhereOneIsDue) {
  Put("a", Lines(2, "1"));
  SyncWell();
  const delta::Table& table = set_.snapshot;
  EXPECT_EQ(CheckpointTable(table, 5).value(), std::nullopt);
  EXPECT_EQ(CheckpointTable(table, 1).value(), 1);
  EXPECT_EQ(CheckpointTable(table, 1).value(), std::nullopt);
  EXPECT_EQ(CheckpointTable(delta::Table(tables_, "none"), 1).error().kind(), ErrorKind::kNotFound);
}

// Protocol: "V2 Checkpoint Table Feature".
TEST_F(TableUpkeepTest, ACheckpointIsOfTheKindThatTheTableAsksFor) {
  Put("a", Lines(2, "1"));
  SyncWell();
  const delta::Table& table = set_.snapshot;
  EXPECT_EQ(delta::ChangeCheckpointPolicy(table, delta::CheckpointPolicy::kV2), true);
  EXPECT_EQ(delta::ChangeCheckpointPolicy(table, delta::CheckpointPolicy::kV2), false) << "it is so already";
  EXPECT_TRUE(delta::Supports(table.Load()->protocol, "appendOnly"))
      << "what the old version stood for stays";
  EXPECT_EQ(CheckpointTable(table, 1).value(), 2);
  EXPECT_FALSE(tables_.Head("customer_data_snapshot/_delta_log/" + delta::CheckpointName(2)));
  EXPECT_FALSE(store::ListAll(tables_, "customer_data_snapshot/_delta_log/_sidecars/")->empty());
  Put("a", Lines(3, "2"));
  SyncWell();
  ExpectDerivedAgree(tables_);
  EXPECT_EQ(delta::ChangeCheckpointPolicy(table, delta::CheckpointPolicy::kClassic), true);
  const delta::Version newest = table.Load()->version;
  EXPECT_EQ(CheckpointTable(table, 1).value(), newest);
  EXPECT_TRUE(tables_.Head("customer_data_snapshot/_delta_log/" + delta::CheckpointName(newest)));
}

TEST_F(TableUpkeepTest, ASnapshotMayBeMadeWithItsPolicyInEitherLayout) {
  for (const Layout layout : {Layout::kPerFile, Layout::kPacked}) {
    store::MemoryStore tables;
    options_.layout = layout;
    options_.checkpoint_policy = delta::CheckpointPolicy::kV2;
    ASSERT_TRUE(source_.Put("a", Lines(2, "1")));
    ASSERT_TRUE(SyncOnce(source_, tables, options_));
    const auto state = delta::Table(tables, "customer_data_snapshot").Load();
    EXPECT_EQ(delta::CheckpointPolicyOf(state->metadata), delta::CheckpointPolicy::kV2);
    EXPECT_TRUE(delta::Supports(state->protocol, "v2Checkpoint"));
    EXPECT_EQ(LayoutOf(state->metadata), layout);
  }
}

class PackedUpkeepTest : public TableUpkeepTest {
 protected:
  PackedUpkeepTest() { options_.layout = Layout::kPacked; }

  void SyncKeys(int count) {
    for (int i = 0; i < count; ++i) {
      Put(fmt::format("k{}", next_++), Lines(4, "1"));
      SyncWell();
    }
  }
  std::size_t Files() { return set_.snapshot.Load()->files.size(); }
  delta::OptimizeReport Optimize() {
    const auto report = OptimizeTable(TableOf(Role::kSnapshot), {});
    EXPECT_TRUE(report) << report.error().message();
    return report.value_or(delta::OptimizeReport());
  }
  int next_ = 0;
};

TEST_F(PackedUpkeepTest, OptimizePutsSmallFilesTogetherAndDropsWhatIsStruckOut) {
  SyncKeys(4);
  ASSERT_EQ(Files(), 4U);
  auto counts = SnapshotCounts(tables_);
  EXPECT_EQ(Optimize().removed, 4);
  EXPECT_EQ(Files(), 1U);
  EXPECT_EQ(SnapshotCounts(tables_), counts);
  EXPECT_EQ(Optimize().version, -1);

  Put("k2", Lines(1, "2"));
  SyncWell();
  ASSERT_EQ(Files(), 2U);
  counts = SnapshotCounts(tables_);
  EXPECT_EQ(Optimize().added, 1);
  EXPECT_EQ(Files(), 1U);
  EXPECT_EQ(SnapshotCounts(tables_), counts);
  set_.snapshot.Load()->files.ForEach(
      [](const delta::Add& add) { EXPECT_FALSE(add.deletion_vector.has_value()); });
  EXPECT_EQ(Sync(tables_)->commits, 0);
  ExpectDerivedAgree(tables_);
}

TEST_F(PackedUpkeepTest, TwoAtOnceDoItOnce) {
  for (int round = 0; round < 5; ++round) {
    SyncKeys(3);
    const auto counts = SnapshotCounts(tables_);
    {
      const std::jthread other([&] { Optimize(); });
      Optimize();
    }
    EXPECT_EQ(Files(), 1U);
    EXPECT_EQ(SnapshotCounts(tables_), counts);
  }
  EXPECT_EQ(Sync(tables_)->commits, 0);
  ExpectDerivedAgree(tables_);
}

TEST_F(PackedUpkeepTest, RacesWithALoader) {
  SyncKeys(3);
  std::atomic<bool> done = false;
  std::atomic<std::int64_t> commits = 0;
  std::jthread loading([&] {
    for (int i = 2; i <= 30 || (commits == 0 && i <= 1000); ++i) {
      for (const std::string& key : {std::string("k0"), std::string("k1"), fmt::format("n{}", i)})
        Put(key, Lines(1 + i % 4, std::to_string(i)));
      SyncWell();
    }
    done = true;
  });
  while (!done) {
    const auto report = OptimizeTable(TableOf(Role::kSnapshot), {});
    if (report) {
      commits += report->commits;
    } else {  // the next turn sees to it
      EXPECT_EQ(report.error().kind(), ErrorKind::kConflict) << report.error().message();
    }
  }
  loading.join();
  EXPECT_GE(commits, 1);
  EXPECT_EQ(Sync(tables_)->commits, 0);
  ExpectDerivedAgree(tables_);
  const delta::Version newest = set_.snapshot.Load()->version;
  for (delta::Version version = 1; version <= newest; ++version) {
    std::map<std::string, std::set<std::string>> generations;
    for (const Row& row : ReadRows(tables_, "customer_data_snapshot", version)) {
      generations[Field(row, "source_file")].insert(Field(row, "file_version"));
    }
    for (const auto& [key, seen] : generations) EXPECT_EQ(seen.size(), 1U) << key << " at " << version;
  }
}

}  // namespace
}  // namespace rtl::load
