#include "delta/vacuum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "delta/testing_actions.h"
#include "delta/testing_clock.h"
#include "store/memory_store.h"

namespace rtl::delta {
namespace {

using std::chrono::days;
using std::chrono::hours;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class VacuumTest : public testing::Test {
 protected:
  VacuumTest() { Commit({Protocol{}, SomeMetadata()}); }

  void Commit(std::vector<Action> actions) {
    actions.emplace_back(InfoWith(std::to_string(next_)));
    ASSERT_EQ(table_.PutCommit(next_++, actions), PutOutcome::kCommitted);
  }
  void PutFile(std::string_view path) { ASSERT_TRUE(store_.Put(table_.DataKey(path), "0123456789")); }
  void AddFile(std::string_view path) {
    PutFile(path);
    Commit({SomeAdd(path)});
  }
  void RemoveFile(const Add& add) { Commit({RemoveOf(add, MillisSinceEpoch(clock_.Now()), true)}); }

  // Paths deleted, or that would be.
  std::vector<std::string> Run(VacuumOptions options = {}) {
    std::vector<std::string> paths;
    options.on_file = [&](std::string_view path, std::int64_t) { paths.emplace_back(path); };
    report_ = Vacuum(table_, options);
    EXPECT_TRUE(report_) << report_.error().message();
    return paths;
  }
  std::set<std::string> Files() {
    std::set<std::string> files;
    const auto listed = store::ListAll(store_, "t/");
    for (const store::ObjectInfo& info : *listed) {
      if (!info.key.starts_with("t/_delta_log/")) files.insert(info.key.substr(2));
    }
    return files;
  }

  TestClock clock_;
  store::MemoryStore store_{{.clock = &clock_, .page_size = 3}};
  Table table_{store_, "t", clock_};
  Version next_ = 0;
  Result<VacuumReport> report_;
};

TEST_F(VacuumTest, DeletesWhatNoVersionWithinTheRetentionNeeds) {
  AddFile("active");
  AddFile("replaced long ago");
  AddFile("z/replaced lately");
  PutFile("orphan");
  PutFile("Orphan");
  RemoveFile(SomeAdd("replaced long ago"));
  clock_.Advance(days(7) - hours(1));
  RemoveFile(SomeAdd("z/replaced lately"));
  PutFile("young orphan");
  clock_.Advance(hours(2));

  EXPECT_THAT(Run(), ElementsAre("Orphan", "orphan", "replaced long ago"));
  EXPECT_THAT(Files(), UnorderedElementsAre("active", "z/replaced lately", "young orphan"));
  EXPECT_EQ(report_->files, 3);
  EXPECT_EQ(report_->bytes, 30);
  EXPECT_EQ(report_->young, 1);
  EXPECT_EQ(report_->looked_at, 6);
  EXPECT_THAT(Run(), IsEmpty());
}

TEST_F(VacuumTest, ADryRunTellsAndKeeps) {
  PutFile("orphan");
  clock_.Advance(days(8));
  EXPECT_THAT(Run({.dry_run = true}), ElementsAre("orphan"));
  EXPECT_EQ(report_->bytes, 10);
  EXPECT_THAT(Files(), ElementsAre("orphan"));
}

TEST_F(VacuumTest, LeavesHiddenNamesAloneButForChangeDataAndPartitions) {
  Metadata metadata = SomeMetadata();
  metadata.schema.fields.push_back({.name = "_p", .type = "string"});
  metadata.partition_columns = {"_p"};
  Commit({metadata});
  for (const char* path : {"_hidden/x", ".hidden", "a/_hidden/x", "a/.x", "_change_data/cdc-1", "_p=1/x",
                           "_change_data/_x", "_p=1", "_delta_log-old/x", "_delta_log/_sidecars/x"}) {
    PutFile(path);
  }
  clock_.Advance(days(8));
  EXPECT_THAT(Run(), ElementsAre("_change_data/cdc-1", "_p=1/x"));
  EXPECT_TRUE(store_.Head("t/_delta_log/_sidecars/x"));
}

TEST_F(VacuumTest, NeverReachesATableBeside) {
  ASSERT_TRUE(store_.Put("t2/x", "x"));
  ASSERT_TRUE(store_.Put("x", "x"));
  PutFile("x");
  Add outside = SomeAdd("../t2/x");
  Commit({outside});
  RemoveFile(outside);
  clock_.Advance(days(8));
  Run();
  EXPECT_TRUE(store_.Head("t2/x"));
  EXPECT_TRUE(store_.Head("x"));
  EXPECT_FALSE(store_.Head("t/x"));
}

TEST_F(VacuumTest, LeavesATableInsideTheFolderAlone) {
  for (const char* path : {"inner/a", "inner/deep/b", "inner/_delta_log/00000000000000000000.json", "outer/a",
                           "p=1/inner/_delta_log/x.json", "p=1/inner/c", "p=1/d"}) {
    PutFile(path);
  }
  clock_.Advance(days(8));
  EXPECT_THAT(Run(), ElementsAre("outer/a", "p=1/d"));
}

TEST_F(VacuumTest, KeepsDeletionVectorFiles) {
  Add with_vector = SomeAdd("a");
  // The protocol's example.
  with_vector.deletion_vector = {
      .storage_type = 'u', .path_or_inline = "ab^-aqEH.-t@S}K{vb[*k^", .offset = 4};
  Add with_absolute = SomeAdd("b");
  with_absolute.deletion_vector = {.storage_type = 'p',
                                   .path_or_inline = "s3://else%20where/t/deletion_vector_2.bin"};
  for (const char* path : {"a", "b", "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin",
                           "deletion_vector_2.bin", "deletion_vector_3.bin"}) {
    PutFile(path);
  }
  clock_.Advance(days(8));
  Protocol protocol{.min_reader_version = 1, .min_writer_version = 2};
  Commit({with_vector, with_absolute});
  EXPECT_THAT(Run(), ElementsAre("deletion_vector_3.bin"));
}

TEST_F(VacuumTest, KeepsFilesWhateverWayTheyAreSpelt) {
  for (const char* path : {"a b", "c%20d", "x/y", "abs/z", "gone"}) PutFile(path);
  Add raw = SomeAdd("c d");  // what a writer meant that does not encode
  raw.path_in_log = "c%20d";
  Commit({SomeAdd("a b"), raw, SomeAdd("./x//y"), SomeAdd("file:/mnt/elsewhere/t/abs/z")});
  clock_.Advance(days(8));
  EXPECT_THAT(Run(), ElementsAre("gone"));
}

TEST_F(VacuumTest, RefusesARetentionBelowTheTablesUnlessForced) {
  PutFile("orphan");
  clock_.Advance(hours(2));
  const auto refused = Vacuum(table_, {.retention = hours(1)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::kBadConfig);
  EXPECT_THAT(refused.error().message(), HasSubstr("1 h is below the table's own of 168 h"));
  EXPECT_THAT(Run({.retention = hours(1), .force = true}), ElementsAre("orphan"));

  Metadata metadata = SomeMetadata();
  metadata.configuration["delta.deletedFileRetentionDuration"] = "interval 1 hour";
  Commit({metadata});
  PutFile("orphan");
  clock_.Advance(hours(2));
  EXPECT_THAT(Run({.retention = hours(1)}), ElementsAre("orphan"));
}

TEST_F(VacuumTest, ALongerRetentionKnowsWhatCheckpointsHaveForgotten) {
  AddFile("a");
  clock_.Advance(days(20));
  RemoveFile(SomeAdd("a"));
  AddFile("b");
  clock_.Advance(days(8));
  ASSERT_TRUE(table_.WriteCheckpoint(next_ - 1));
  EXPECT_THAT(Run({.retention = days(10)}), IsEmpty());
  EXPECT_THAT(Run(), ElementsAre("a"));
}

TEST_F(VacuumTest, KeepsWhatTheCallerNames) {
  PutFile("a");
  PutFile("b");
  clock_.Advance(days(8));
  EXPECT_THAT(Run({.also_needed = [] { return std::vector<std::string>{"b"}; }}), ElementsAre("a"));
  const auto failed = Vacuum(table_, {.also_needed = []() -> Result<std::vector<std::string>> {
                               return Fail(ErrorKind::kUnavailable, "down");
                             }});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(Files(), ElementsAre("b"));
}

TEST_F(VacuumTest, KeepsWhatIsRestoredMeanwhile) {
  AddFile("a");
  RemoveFile(SomeAdd("a"));
  PutFile("b");
  clock_.Advance(days(8));
  bool restored = false;
  VacuumOptions options;
  // The log has been read, and the folder listed.
  options.also_needed = [&]() -> Result<std::vector<std::string>> {
    if (std::exchange(restored, true)) Commit({SomeAdd("a")});
    return std::vector<std::string>();
  };
  EXPECT_THAT(Run(options), ElementsAre("b"));
  EXPECT_TRUE(table_.Load()->files.Contains("a"));
}

TEST_F(VacuumTest, ReadsTheTableAnewWhenItsLogWasCleanedMeanwhile) {
  AddFile("a");
  RemoveFile(SomeAdd("a"));
  PutFile("b");
  clock_.Advance(days(8));
  bool asked = false;
  VacuumOptions options;
  options.also_needed = [&]() -> Result<std::vector<std::string>> {
    if (std::exchange(asked, true)) {
      Commit({SomeAdd("a")});
      AddFile("c");
      EXPECT_TRUE(table_.WriteCheckpoint(next_ - 1));
      for (Version version = 0; version < next_ - 1; ++version) {
        EXPECT_TRUE(store_.Delete(fmt::format("t/_delta_log/{:020}.json", version)));
      }
    }
    return std::vector<std::string>();
  };
  EXPECT_THAT(Run(options), ElementsAre("b"));
}

TEST_F(VacuumTest, RefusesAProtocolThatItMayNotWrite) {
  PutFile("orphan");
  clock_.Advance(days(8));
  Commit({Protocol{.min_reader_version = 1, .min_writer_version = 7, .writer_features = {"fromTheFuture"}}});
  const auto refused = Vacuum(table_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::kUnsupported);
  EXPECT_THAT(refused.error().message(), HasSubstr("fromTheFuture"));
  EXPECT_THAT(Files(), ElementsAre("orphan"));
}

TEST_F(VacuumTest, StopsBetweenBatches) {
  PutFile("orphan");
  clock_.Advance(days(8));
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = Vacuum(table_, {}, stop.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind(), ErrorKind::kCancelled);
  EXPECT_THAT(Files(), ElementsAre("orphan"));
}

TEST_F(VacuumTest, ATableMayLieAtTheRootOfTheStore) {
  const Table root(store_, "", clock_);
  ASSERT_EQ(root.PutCommit(0, std::vector<Action>{InfoWith("r"), Protocol{}, SomeMetadata()}),
            PutOutcome::kCommitted);
  ASSERT_TRUE(store_.Put("orphan", "x"));
  PutFile("file of the table inside");
  clock_.Advance(days(8));
  const auto report = Vacuum(root);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files, 1);
  EXPECT_FALSE(store_.Head("orphan"));
}

TEST(Vacuum, NoTableIsNotFound) {
  store::MemoryStore store;
  ASSERT_TRUE(store.Put("t/x", "x"));
  EXPECT_EQ(Vacuum(Table(store, "t")).error().kind(), ErrorKind::kNotFound);
  EXPECT_TRUE(store.Head("t/x"));
}

}  // namespace
}  // namespace rtl::delta
