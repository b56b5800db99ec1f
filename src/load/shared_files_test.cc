// Files that hold several keys' rows: those that another program merged, and packed ones of ours.
#include <gtest/gtest.h>

#include "delta/check_actions.h"
#include "delta/log_names.h"
#include "delta/version_checksum.h"
#include "load/foreign_writer.h"
#include "load/live_ledger.h"
#include "load/loader_under_test.h"
#include "load/repack.h"

namespace rtl::load {
namespace {

using Counts = std::map<std::pair<std::string, std::string>, int>;

class SharedFiles : public testing::Test {
 protected:
  void Write(const std::string& key, int rows, const std::string& generation) {
    ASSERT_TRUE(source_.Put(key, Lines(rows, generation)).has_value());
  }
  SyncReport Sync() {
    const auto report = SyncOnce(source_, tables_, options_);
    EXPECT_TRUE(report.has_value()) << report.error().message();
    return report.has_value() ? *report : SyncReport();
  }
  void ExpectVerified() {
    auto loader = Loader::Open(source_, tables_, options_, nullptr, false);
    ASSERT_TRUE(loader.has_value()) << loader.error().message();
    const auto report = (*loader)->Verify(false, {});
    ASSERT_TRUE(report.has_value()) << report.error().message();
    for (const auto& difference : report->differences)
      ADD_FAILURE() << difference.source_file << ": " << difference.what;
  }
  // At every version the rows of a key come from one file_version.
  void ExpectOneVersionAKeyThroughout() {
    const delta::Version newest = ForeignWriter(tables_).State().version;
    for (delta::Version version = 0; version <= newest; ++version) {
      std::map<std::string, std::string> versions;
      for (const Row& row : ReadRows(tables_, "customer_data_snapshot", version)) {
        const auto [it, is_new] = versions.try_emplace(Field(row, "source_file"), Field(row, "file_version"));
        EXPECT_EQ(it->second, Field(row, "file_version")) << it->first << " at version " << version;
      }
    }
  }
  Result<RepackReport> Repack(const RepackOptions& repack, bool convert) {
    const TableSet set = MakeTableSet(tables_, options_, SystemClock());
    auto ledger = LiveLedger::Open(set, SystemClock());
    if (!ledger) return Fail(ledger.error());
    return convert ? ConvertLayout(set, **ledger, repack, SystemClock(), {})
                   : CompactPacked(set, **ledger, repack, SystemClock(), {});
  }
  std::size_t Files() { return ForeignWriter(tables_).State().files.size(); }

  store::MemoryStore source_;
  store::MemoryStore tables_;
  Options options_ = TestOptions();
};

TEST_F(SharedFiles, ReplacingAKeyInAMergedFileRewritesThatFileAlone) {
  for (const char* key : {"a", "b", "c"}) Write(key, 3, "1");
  Sync();
  ForeignWriter(tables_).Optimize();
  EXPECT_EQ(Files(), 1U);
  EXPECT_EQ(Sync().commits, 0) << "nothing changed but where the rows lie";
  ExpectVerified();

  Write("b", 5, "2");
  EXPECT_EQ(Sync().commits, 1);
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"a", "1"}, 3}, {{"b", "2"}, 5}, {{"c", "1"}, 3}}));
  EXPECT_EQ(Files(), 2U);
  ASSERT_TRUE(source_.Delete("a").has_value());
  Sync();
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"b", "2"}, 5}, {{"c", "1"}, 3}}));
  ASSERT_TRUE(source_.Delete("c").has_value());
  Sync();
  EXPECT_EQ(Files(), 1U) << "nothing was left of the merged file";
  ExpectVerified();
  ExpectDerivedAgree(tables_);
  ExpectOneVersionAKeyThroughout();
}

TEST_F(SharedFiles, WhereTheTableAllowsItADeletionVectorIsEnough) {
  for (const char* key : {"a", "b", "c"}) Write(key, 3, "1");
  Sync();
  ForeignWriter writer(tables_);
  writer.EnableDeletionVectors();
  writer.Optimize();
  const std::string merged = writer.State().files.Sorted().front().path;
  Write("a", 1, "2");
  Write("b", 2, "2");
  EXPECT_EQ(Sync().commits, 1) << "both keys in one commit, by one vector";
  const auto left = writer.State().files.Find(merged);
  ASSERT_TRUE(left);
  ASSERT_TRUE(left->deletion_vector);
  EXPECT_EQ(left->deletion_vector->cardinality, 6);
  EXPECT_NE(left->stats.find("\"tightBounds\":false"), std::string::npos) << left->stats;
  Write("c", 4, "2");
  Sync();
  EXPECT_FALSE(writer.State().files.Contains(merged));
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"a", "2"}, 1}, {{"b", "2"}, 2}, {{"c", "2"}, 4}}));
  ExpectVerified();
  ExpectOneVersionAKeyThroughout();
}

TEST_F(SharedFiles, TheSameBytesAgainInAMergedFileAreUnchanged) {
  Write("a", 3, "1");
  Write("b", 3, "1");
  Sync();
  ForeignWriter(tables_).Optimize();
  Write("a", 3, "1");
  const SyncReport report = Sync();
  EXPECT_EQ(report.unchanged, 1);
  EXPECT_EQ(Files(), 1U);
  ExpectVerified();
}

TEST_F(SharedFiles, RowsThatAnotherProgramDeletedComeBack) {
  Write("a", 3, "1");
  Write("b", 3, "1");
  Sync();
  ForeignWriter writer(tables_);
  writer.EnableDeletionVectors();
  writer.Delete([](const Row& row) { return Field(row, "source_file") == "a" && Field(row, "n") == "1"; });
  EXPECT_EQ(Sync().commits, 1);
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"a", "1"}, 3}, {{"b", "1"}, 3}}));
  writer.Optimize();
  writer.Delete([](const Row& row) { return Field(row, "n") == "0"; });
  EXPECT_EQ(Sync().commits, 1);
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"a", "1"}, 3}, {{"b", "1"}, 3}}));
  ExpectVerified();
  ExpectOneVersionAKeyThroughout();
}

TEST_F(SharedFiles, AnOptimizeWhileALoaderIsOpen) {
  for (const char* key : {"a", "b", "c"}) Write(key, 3, "1");
  static const SleeplessClock clock;
  auto loader = Loader::Open(source_, tables_, options_, nullptr, true, clock);
  ASSERT_TRUE(loader.has_value());
  ASSERT_TRUE((*loader)->Sync({}).has_value());
  ForeignWriter(tables_).Optimize();
  Write("b", 5, "2");
  ASSERT_TRUE((*loader)->Sync({}).has_value());
  ForeignWriter(tables_).Optimize();
  Write("c", 1, "2");
  ASSERT_TRUE((*loader)->Sync({}).has_value());
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"a", "1"}, 3}, {{"b", "2"}, 5}, {{"c", "2"}, 1}}));
  ExpectVerified();
  ExpectDerivedAgree(tables_);
  ExpectOneVersionAKeyThroughout();
}

TEST_F(SharedFiles, PackedKeysShareAFileAndAreStruckOut) {
  options_.layout = Layout::kPacked;
  for (const char* key : {"a", "b", "c", "d"}) Write(key, 3, "1");
  Write("empty", 0, "1");
  EXPECT_EQ(Sync().commits, 1);
  EXPECT_EQ(Files(), 1U);
  EXPECT_EQ(SnapshotCounts(tables_),
            (Counts{{{"a", "1"}, 3}, {{"b", "1"}, 3}, {{"c", "1"}, 3}, {{"d", "1"}, 3}}));
  Write("b", 2, "2");
  Write("e", 2, "1");
  ASSERT_TRUE(source_.Delete("c").has_value());
  EXPECT_EQ(Sync().commits, 1);
  EXPECT_EQ(Files(), 1U) << "half of the first file was dead, so both became one";
  EXPECT_EQ(SnapshotCounts(tables_),
            (Counts{{{"a", "1"}, 3}, {{"b", "2"}, 2}, {{"d", "1"}, 3}, {{"e", "1"}, 2}}));
  Write("a", 3, "1");
  EXPECT_EQ(Sync().unchanged, 1);
  ExpectVerified();
  ExpectDerivedAgree(tables_);
  ExpectOneVersionAKeyThroughout();
}

TEST_F(SharedFiles, CompactionDropsWhatIsStruckOutAndChangesNoRow) {
  options_.layout = Layout::kPacked;
  for (const char* key : {"a", "b", "c", "d"}) Write(key, 3, "1");
  Sync();
  for (const char* generation : {"2", "3", "4"}) {
    Write("a", 3, generation);
    Write("b", 2, generation);
    Sync();
  }
  EXPECT_EQ(SnapshotCounts(tables_),
            (Counts{{{"a", "4"}, 3}, {{"b", "4"}, 2}, {{"c", "1"}, 3}, {{"d", "1"}, 3}}));
  EXPECT_LE(Files(), 2U) << "each sync ends with a look at what is mostly dead";
  const auto compacted = Repack({}, false);
  ASSERT_TRUE(compacted.has_value()) << compacted.error().message();
  EXPECT_EQ(compacted->version, -1) << "nothing is left to do";
  EXPECT_EQ(Sync().commits, 0);
  Write("d", 1, "2");
  Sync();
  ExpectVerified();
  ExpectDerivedAgree(tables_);
  ExpectOneVersionAKeyThroughout();
}

TEST_F(SharedFiles, LayoutsAreConvertedInOneCommitEachWay) {
  for (const char* key : {"a", "b", "c"}) Write(key, 3, "1");
  Sync();
  const delta::Version before = ForeignWriter(tables_).State().version;
  RepackOptions repack;
  const auto packed = Repack(repack, true);
  ASSERT_TRUE(packed.has_value()) << packed.error().message();
  EXPECT_EQ(packed->version, before + 1);
  EXPECT_EQ(Files(), 1U);
  EXPECT_EQ(ForeignWriter(tables_).State().protocol.min_reader_version, 3);
  EXPECT_EQ(Sync().commits, 0);
  Write("b", 4, "2");
  Sync();
  ExpectVerified();

  repack.to = Layout::kPerFile;
  const auto back = Repack(repack, true);
  ASSERT_TRUE(back.has_value()) << back.error().message();
  EXPECT_EQ(Files(), 3U);
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"a", "1"}, 3}, {{"b", "2"}, 4}, {{"c", "1"}, 3}}));
  for (const delta::Add& add : ForeignWriter(tables_).State().files.Sorted()) {
    EXPECT_TRUE(ParseTags(add.tags)) << add.path;
  }
  EXPECT_EQ(Sync().commits, 0);
  Write("a", 3, "1");
  EXPECT_EQ(Sync().unchanged, 1) << "the tags tell the bytes behind the rows";
  Write("c", 1, "2");
  Sync();
  EXPECT_EQ(Files(), 3U);
  ExpectVerified();
  ExpectDerivedAgree(tables_);
  ExpectOneVersionAKeyThroughout();
}

TEST_F(SharedFiles, RowsUnderANameThatNoFileEverHadAreLeftToWhoWroteThem) {
  for (const char* key : {"a", "b"}) Write(key, 3, "1");
  Sync();
  ForeignWriter(tables_).AppendAs("theirs");
  const Counts all = {{{"a", "1"}, 3}, {{"b", "1"}, 3}, {{"theirs", "1"}, 6}};
  for (const Layout layout : {Layout::kPacked, Layout::kPerFile}) {
    RepackOptions repack;
    repack.to = layout;
    ASSERT_TRUE(Repack(repack, true));
    Sync();
    EXPECT_EQ(SnapshotCounts(tables_), all) << "they are not ours to delete";
  }
  Write("a", 1, "2");
  Sync();
  EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"a", "2"}, 1}, {{"b", "1"}, 3}, {{"theirs", "1"}, 6}}));
}

// A file of two keys' rows that can no longer be read is taken out by a repair, and its keys are loaded
// again.
class LostSharedFile : public SharedFiles {
 protected:
  void RepairAfter(const std::function<Result<>(const std::string&)>& lose) {
    for (const char* key : {"a", "b"}) Write(key, 3, "1");
    Sync();
    ForeignWriter writer(tables_);
    writer.Optimize();
    Write("c", 2, "1");
    Sync();
    const delta::Table table(tables_, "customer_data_snapshot");
    std::string shared;
    for (const delta::Add& add : writer.State().files.Sorted()) {
      if (add.tags.empty()) shared = table.DataKey(add.path);
    }
    ASSERT_TRUE(lose(shared));
    Write("c", 4, "2");
    const auto refused = SyncOnce(source_, tables_, options_);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message().find("verify --repair"), std::string::npos)
        << refused.error().message();

    auto loader = Loader::Open(source_, tables_, options_, nullptr, false);
    ASSERT_TRUE(loader) << loader.error().message();
    const auto found = (*loader)->Verify(false, {});
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(found->differences.size(), 4U) << "the file, its two keys, and the one that has changed";
    const auto repaired = (*loader)->Repair(*found, {});
    ASSERT_TRUE(repaired) << repaired.error().message();
    ExpectVerified();
    EXPECT_EQ(SnapshotCounts(tables_), (Counts{{{"a", "1"}, 3}, {{"b", "1"}, 3}, {{"c", "2"}, 4}}));
    Sync();
    ExpectVerified();
  }
};

TEST_F(LostSharedFile, ThatIsGone) {
  RepairAfter([this](const std::string& key) { return tables_.Delete(key); });
}

TEST_F(LostSharedFile, ThatIsDamaged) {
  RepairAfter([this](const std::string& key) { return tables_.Put(key, "PAR1 no more"); });
}

TEST_F(SharedFiles, OurNewestVersionHasAChecksumThatAgrees) {
  options_.layout = Layout::kPacked;
  for (const char* key : {"a", "b"}) Write(key, 3, "1");
  Sync();
  Write("a", 2, "2");
  Sync();
  const delta::Table table(tables_, "customer_data_snapshot");
  const auto state = table.Load();
  ASSERT_TRUE(state) << state.error().message();
  const auto object = tables_.Get(table.DataKey("_delta_log/" + delta::ChecksumName(state->version)), {});
  ASSERT_TRUE(object) << "version " << state->version;
  const auto checksum = delta::ParseChecksum(object->bytes);
  ASSERT_TRUE(checksum);
  EXPECT_EQ(checksum->num_files, static_cast<std::int64_t>(state->files.size()));
  EXPECT_EQ(checksum->table_size_bytes, state->files.data_bytes());
  EXPECT_EQ(checksum->txn_id, delta::TxnIdOf(table.ReadCommit(state->version)->actions));
}

}  // namespace
}  // namespace rtl::load
