#include <gtest/gtest.h>

#include "load/loader_under_test.h"

namespace rtl::load {
namespace {

using Counts = std::map<std::pair<std::string, std::string>, int>;

class LoaderTest : public ::testing::Test {
 protected:
  SyncReport Sync(const Options& options = TestOptions()) {
    auto report = SyncOnce(source_, tables_, options);
    EXPECT_TRUE(report.has_value()) << report.error().message();
    return report ? *report : SyncReport{};
  }
  void Put(const std::string& key, const std::string& text) {
    ASSERT_TRUE(source_.Put(key, text).has_value());
  }

  store::MemoryStore source_;
  store::MemoryStore tables_;
};

TEST_F(LoaderTest, LoadsReplacesAndDeletesWholeFiles) {
  Put("id-1.txt", Lines(10, "a"));
  Put("sub/id-2.txt", Lines(5, "a"));
  EXPECT_EQ(Sync().loaded, 2);
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"id-1.txt", "a"}, 10}, {{"sub/id-2.txt", "a"}, 5}}));

  Put("id-1.txt", Lines(9, "b"));
  const SyncReport second = Sync();
  EXPECT_EQ(second.replaced, 1);
  EXPECT_EQ(second.up_to_date, 1);
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"id-1.txt", "b"}, 9}, {{"sub/id-2.txt", "a"}, 5}}));

  ASSERT_TRUE(source_.Delete("sub/id-2.txt").has_value());
  EXPECT_EQ(Sync().deleted, 1);
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"id-1.txt", "b"}, 9}}));
  EXPECT_EQ(Sync().commits, 0);
  ExpectDerivedAgree(tables_);
}

TEST_F(LoaderTest, SameBytesUnderANewVersionAreUnchanged) {
  Put("f", Lines(3, "a"));
  Sync();
  const auto before = ReadRows(tables_, "customer_data_raw").size();
  Put("f", Lines(3, "a"));  // another etag
  EXPECT_EQ(Sync().unchanged, 1);
  EXPECT_EQ(ReadRows(tables_, "customer_data_raw").size(), before);
  EXPECT_EQ(Sync().commits, 0);
  ExpectDerivedAgree(tables_);
}

TEST_F(LoaderTest, DeleteAndRecreateGoesOnCountingVersions) {
  Put("f", Lines(3, "a"));
  Sync();
  ASSERT_TRUE(source_.Delete("f").has_value());
  Sync();
  Put("f", Lines(3, "a"));
  Sync();
  std::set<std::string> versions;
  for (const Row& row : ReadRows(tables_, "customer_data_raw")) versions.insert(Field(row, "file_version"));
  EXPECT_EQ(versions, (std::set<std::string>{"1", "2"}));
  ExpectDerivedAgree(tables_);
}

TEST_F(LoaderTest, MostlyBadFileIsHeldAndItsOldRowsStay) {
  Put("f", Lines(4, "a"));
  Sync();
  Put("f", "garbage\nmore\n" + Lines(1, "b"));
  const SyncReport held = Sync();
  EXPECT_EQ(held.held, 1);
  ASSERT_EQ(held.problems.size(), 1u);
  EXPECT_NE(held.problems[0].error.find("max_rejected"), std::string::npos);
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"f", "a"}, 4}}));
  EXPECT_EQ(ReadRows(tables_, "quarantine").size(), 2u);
  // Still held, still told, nothing written again.
  const SyncReport again = Sync();
  EXPECT_EQ(again.commits, 0);
  EXPECT_EQ(again.problems.size(), 1u);
  // The user lets it in.
  Options lenient = TestOptions();
  lenient.guard.max_rejected = 0.9;
  EXPECT_EQ(Sync(lenient).replaced, 1);
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"f", "b"}, 1}}));
  // A good file heals it.
  Put("f", Lines(2, "c"));
  EXPECT_EQ(Sync().problems.size(), 0u);
  ExpectDerivedAgree(tables_);
}

TEST_F(LoaderTest, EmptyFileIsZeroRowsUnlessTheGuardHoldsIt) {
  Put("f", Lines(4, "a"));
  Sync();
  Options strict = TestOptions();
  strict.guard.allow_empty = false;
  Put("f", "");
  EXPECT_EQ(Sync(strict).held, 1);
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"f", "a"}, 4}}));
  EXPECT_EQ(Sync().replaced, 1);
  EXPECT_EQ(SnapshotCounts(tables_), Counts{});
  EXPECT_EQ(Sync().commits, 0);
}

TEST_F(LoaderTest, AHeldNumberIsNotGivenAgainWhenTheOldBytesCameBack) {
  Put("f", Lines(3, "a"));
  Sync();
  Put("f", "bad\nbad\n");
  Sync();
  Put("f", Lines(3, "a"));
  EXPECT_EQ(Sync().unchanged, 1);
  Put("f", Lines(3, "b"));
  Sync();
  std::set<std::string> versions;
  for (const Row& row : ReadRows(tables_, "customer_data_raw")) versions.insert(Field(row, "file_version"));
  EXPECT_EQ(versions, (std::set<std::string>{"1", "3"}));
  ExpectDerivedAgree(tables_);
}

TEST_F(LoaderTest, TheSameBytesWithoutRowsAreLoggedAsUnchanged) {
  for (const std::string text : {"", "bad\nbad\n"}) {
    SCOPED_TRACE(text);
    Put("f", text);
    Sync();
    const auto quarantined = ReadRows(tables_, "quarantine").size();
    Put("f", text);  // another etag
    const SyncReport again = Sync();
    EXPECT_EQ(again.commits, 1);
    EXPECT_EQ(again.loaded, 0);
    EXPECT_EQ(Sync().commits, 0);
    EXPECT_EQ(ReadRows(tables_, "quarantine").size(), quarantined);
    auto loader = Loader::Open(source_, tables_, TestOptions(), nullptr, false);
    ASSERT_TRUE(loader.has_value());
    EXPECT_EQ((*loader)->Verify(false, {})->differences.size(), text.empty() ? 0u : 1u);
  }
  std::multiset<std::string> actions;
  for (const Row& row : ReadRows(tables_, "file_log"))
    actions.insert(Field(row, "action") + Field(row, "file_version"));
  EXPECT_EQ(actions, (std::multiset<std::string>{"held2", "loaded1", "unchanged1", "unchanged2"}));
  ExpectDerivedAgree(tables_);
}

TEST_F(LoaderTest, NewKeysAddColumnsInTheSameCommit) {
  Put("f", "{\"a\": 1}\n");
  Sync();
  Put("g", "{\"a\": 2, \"B b\": \"x\"}\n{\"A\": 3}\n");
  Sync();
  const auto rows = ReadRows(tables_, "customer_data_snapshot");
  ASSERT_EQ(rows.size(), 3u);
  std::multiset<std::string> a;
  for (const Row& row : rows) a.insert(Field(row, "a") + "/" + Field(row, "B_b"));
  EXPECT_EQ(a, (std::multiset<std::string>{"1/NULL", "2/x", "3/NULL"}));
}

TEST_F(LoaderTest, MassDeleteIsRefusedUntilAllowed) {
  for (int i = 0; i < 20; ++i) Put(fmt::format("f{}", i), Lines(1, "a"));
  Sync();
  for (int i = 0; i < 11; ++i) ASSERT_TRUE(source_.Delete(fmt::format("f{}", i)).has_value());
  const SyncReport refused = Sync();
  EXPECT_EQ(refused.deleted, 0);
  EXPECT_FALSE(refused.refused_deletes.empty());
  EXPECT_FALSE(refused.converged());
  Options allowed = TestOptions();
  allowed.guard.allow_mass_delete = true;
  EXPECT_EQ(Sync(allowed).deleted, 11);
}

TEST_F(LoaderTest, KeysMustNotShareASourceFile) {
  Options options = TestOptions();
  options.source_pattern = "(?:.*/)?id-(\\d+)\\.txt";
  Put("a/id-1.txt", Lines(2, "a"));
  Put("b/id-1.txt", Lines(3, "b"));
  Put("other", "x");
  const SyncReport report = Sync(options);
  EXPECT_EQ(report.loaded, 1);
  EXPECT_EQ(report.failed, 1);
  EXPECT_EQ(report.ignored, 1);
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"1", "a"}, 2}}));
  EXPECT_EQ(Sync(options).commits, 0);
  ASSERT_TRUE(source_.Delete("a/id-1.txt").has_value());
  const SyncReport after = Sync(options);
  EXPECT_TRUE(after.converged());
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"1", "b"}, 3}}));
}

TEST_F(LoaderTest, AnotherSourceIntoTheSameTablesIsRefused) {
  Put("f", Lines(1, "a"));
  Sync();
  Options other = TestOptions();
  other.source_uri = "memory:elsewhere";
  const auto report = SyncOnce(source_, tables_, other);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().kind(), ErrorKind::kBadConfig);
  EXPECT_NE(report.error().message().find("memory:source"), std::string::npos);
}

TEST_F(LoaderTest, AForeignDataFileIsRefusedByName) {
  Put("f", Lines(1, "a"));
  Sync();
  const delta::Table table(tables_, "customer_data_snapshot");
  const auto state = table.Load();
  ASSERT_TRUE(state.has_value());
  delta::Add add;
  add.path = "part-00000.parquet";
  add.size = 1;
  const std::vector<delta::Action> actions = {delta::CommitInfo{R"({"txnId":"x"})"}, add};
  ASSERT_EQ(table.PutCommit(state->version + 1, actions).value(), delta::PutOutcome::kCommitted);
  const auto report = SyncOnce(source_, tables_);
  ASSERT_FALSE(report.has_value());
  EXPECT_NE(report.error().message().find("part-00000.parquet"), std::string::npos);
}

std::string CommitKey(const std::string& table, int version) {
  return fmt::format("{}/_delta_log/{:020}.json", table, version);
}

TEST_F(LoaderTest, ASnapshotThatWasSetBackIsRefused) {
  Put("f", Lines(1, "a"));
  Sync();
  Put("f", Lines(1, "b"));
  const SyncReport last = Sync();
  ASSERT_TRUE(tables_.Delete(CommitKey("customer_data_snapshot", static_cast<int>(last.snapshot_version)))
                  .has_value());
  const auto report = SyncOnce(source_, tables_);
  ASSERT_FALSE(report.has_value());
  EXPECT_NE(report.error().message().find("set back"), std::string::npos) << report.error().message();
}

TEST_F(LoaderTest, NoCommitFollowsOneThatIsGone) {
  Put("f", Lines(1, "a"));
  Sync();
  auto loader = Loader::Open(source_, tables_, TestOptions(), nullptr, true);
  ASSERT_TRUE(loader.has_value());
  for (int version = 0; version < 5; ++version)
    ASSERT_TRUE(tables_.Delete(CommitKey("customer_data_snapshot", version)).has_value());
  Put("f", Lines(1, "b"));
  const auto report = (*loader)->Sync({});
  ASSERT_FALSE(report.has_value());
  EXPECT_FALSE(delta::Table(tables_, "customer_data_snapshot").Load().has_value()) << "a commit was written";
}

TEST_F(LoaderTest, RawThatIsMadeLateBeginsThere) {
  Options without = TestOptions();
  without.raw = false;
  Put("f", Lines(2, "a"));
  Sync(without);
  Put("f", Lines(3, "b"));
  Sync();
  EXPECT_EQ(ReadRows(tables_, "customer_data_raw").size(), 3u);
  // Removed and made anew: it must not name data files that went with it.
  const auto raw_objects = store::ListAll(tables_, "customer_data_raw/");
  for (const auto& object : *raw_objects) ASSERT_TRUE(tables_.Delete(object.key).has_value());
  Put("f", Lines(4, "c"));
  Sync();
  EXPECT_EQ(ReadRows(tables_, "customer_data_raw").size(), 4u);
}

TEST_F(LoaderTest, MaxColumnsHoldsAcrossFiles) {
  Options narrow = TestOptions();
  narrow.max_columns = 5;
  narrow.single_threaded = false;
  narrow.threads = 2;
  for (int i = 0; i < 30; ++i) Put(fmt::format("f{}", i), fmt::format("{{\"c{}\": 1}}\n", i));
  const SyncReport report = Sync(narrow);
  EXPECT_EQ(report.loaded, 5);
  EXPECT_EQ(report.held, 25);
  EXPECT_EQ(delta::Table(tables_, "customer_data_snapshot").Load()->metadata.schema.fields.size(), 9u);
}

TEST_F(LoaderTest, NamesThatCannotStandInATableAreFailedAloneAndApart) {
  Put("inv\xff.txt", Lines(1, "a"));
  Put("!refused/x", Lines(1, "a"));
  Put("good", Lines(1, "a"));
  const SyncReport report = Sync();
  EXPECT_EQ(report.loaded, 1);
  EXPECT_EQ(report.failed, 2);
  EXPECT_EQ(Sync().commits, 0);
}

TEST_F(LoaderTest, VerifyNamesWhoseDataFileIsLost) {
  Put("f", Lines(3, "a"));
  Put("g", Lines(3, "a"));
  Sync();
  const auto state = delta::Table(tables_, "customer_data_snapshot").Load();
  ASSERT_TRUE(tables_.Delete("customer_data_snapshot/" + state->files.Sorted().front().path).has_value());
  auto loader = Loader::Open(source_, tables_, TestOptions(), nullptr, false);
  const auto report = (*loader)->Verify(false, {});
  ASSERT_TRUE(report.has_value()) << report.error().message();
  EXPECT_EQ(report->differences.size(), 1u);
}

TEST_F(LoaderTest, VerifyFindsWhatDiffers) {
  Put("f", Lines(3, "a"));
  Put("g", Lines(3, "a"));
  Sync();
  const auto verify = [&](bool fast) {
    auto loader = Loader::Open(source_, tables_, TestOptions(), nullptr, false);
    EXPECT_TRUE(loader.has_value());
    auto report = (*loader)->Verify(fast, {});
    EXPECT_TRUE(report.has_value()) << report.error().message();
    return report ? *report : VerifyReport{};
  };
  EXPECT_EQ(verify(false).differences.size(), 0u);
  EXPECT_EQ(verify(false).rows, 6);
  Put("f", Lines(3, "b"));
  Put("new", Lines(1, "a"));
  ASSERT_TRUE(source_.Delete("g").has_value());
  EXPECT_EQ(verify(true).differences.size(), 3u);
  EXPECT_EQ(verify(false).differences.size(), 3u);
}

TEST_F(LoaderTest, ManyFilesTakeSeveralRecordBucketsAndSurviveARestart) {
  for (int i = 0; i < 5000; ++i)
    Put(fmt::format("f{}", i), fmt::format("{{\"n\": {}, \"gen\": \"a\"}}\n", i));
  Options threads = TestOptions();
  threads.single_threaded = false;
  threads.threads = 2;
  EXPECT_EQ(Sync(threads).loaded, 5000);
  const delta::Table records(tables_, "file_records");
  EXPECT_GT(records.Load()->files.size(), 2u);
  EXPECT_EQ(Sync(threads).up_to_date, 5000);
  Put("f77", "{\"n\": 77, \"gen\": \"b\"}\n");
  EXPECT_EQ(Sync(threads).replaced, 1);
  ExpectDerivedAgree(tables_);
}

}  // namespace
}  // namespace rtl::load
