// Files that hold several keys' rows, in tables that other programs have altered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "delta/commit_info.h"
#include "load/altered_tables.h"
#include "load/foreign_writer.h"
#include "load/live_ledger.h"
#include "load/repack.h"

namespace rtl::load {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

// Whole rows as text, with how often each occurs.
using RowBag = std::multiset<std::string>;

std::string Text(const Row& row) {
  std::string text;
  for (const auto& [column, value] : row) text += fmt::format("{}={};", column, value);
  return text;
}

class AlteredSharedFiles : public AlteredTables {
 protected:
  void Feature(const std::string& feature, const std::string& property, const std::string& value,
               bool reads = false) {
    Alter(tables_, kSnapshot, [&](delta::Protocol& protocol, delta::Metadata& metadata) {
      ListFeature(protocol, feature, reads);
      metadata.configuration[property] = value;
    });
  }

  Result<RepackReport> Repack(Layout to) {
    const TableSet set = MakeTableSet(tables_, options_, SystemClock());
    auto ledger = LiveLedger::Open(set, SystemClock());
    if (!ledger) return Fail(ledger.error());
    RepackOptions repack;
    repack.to = to;
    repack.max_dead = 0;
    return ConvertLayout(set, **ledger, repack, SystemClock(), {});
  }

  RowBag RowsAt(delta::Version version) {
    RowBag rows;
    for (const Row& row : ReadRows(tables_, kSnapshot, version)) rows.insert(Text(row));
    return rows;
  }

  // What the change files of one version say, applied to the version before, gives that version. The number
  // of rows told.
  std::size_t ApplyChanges(delta::Version version) {
    const delta::Table table(tables_, kSnapshot);
    auto state = table.Load(version);
    state->metadata.schema.fields.push_back({"_change_type", "string"});
    RowBag rows = RowsAt(version - 1);
    RowBag inserted;
    std::size_t told = 0;
    const auto commit = table.ReadCommit(version);
    for (const delta::Action& action : commit->actions) {
      const auto* cdc = std::get_if<delta::AddCdc>(&action);
      if (cdc == nullptr) continue;
      delta::Add file;
      file.path = cdc->path;
      file.size = cdc->size;
      const auto read =
          delta::ReadDataFile(table, *state, file, {}, [&](const arrow::RecordBatch& batch) -> Result<> {
            for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
              Row row;
              for (int c = 0; c < batch.num_columns(); ++c) {
                if (!batch.column(c)->IsNull(i)) row[batch.column_name(c)] = ValueText(*batch.column(c), i);
              }
              const std::string type = row["_change_type"];
              row.erase("_change_type");
              ++told;
              if (type == "insert") {
                inserted.insert(Text(row));
              } else {
                EXPECT_EQ(type, "delete");
                const auto found = rows.find(Text(row));
                EXPECT_NE(found, rows.end()) << "deleted, and was not there: " << Text(row);
                if (found != rows.end()) rows.erase(found);
              }
            }
            return {};
          });
      EXPECT_TRUE(read) << read.error().message();
    }
    if (told > 0) {
      rows.insert(inserted.begin(), inserted.end());
      EXPECT_EQ(rows, RowsAt(version)) << "version " << version;
    }
    return told;
  }

  delta::Version Newest() { return delta::Table(tables_, kSnapshot).Load()->version; }
};

TEST_F(AlteredSharedFiles, PackedFilesHaveTheirMappedNames) {
  options_.layout = Layout::kPacked;
  Load("a.txt", "{\"n\":\"1\"}\n");
  Alter(tables_, kSnapshot, MapByName);
  Load("b.txt", "{\"n\":\"2\"}\n{\"n\":\"3\"}\n");
  EXPECT_THAT(NewestFile(kSnapshot), testing::Contains("n:1"));
  Alter(tables_, kSnapshot, Rename("n", "number"));
  Load("c.txt", "{\"number\":\"4\",\"new\":\"x\"}\n");
  Load("a.txt", "{\"number\":\"5\"}\n");
  EXPECT_THAT(NewestFile(kSnapshot), testing::Contains("n:1")) << "the name in files stays";
  const std::vector<std::string> rows = {"a.txt: number=5", "b.txt: number=2", "b.txt: number=3",
                                         "c.txt: new=x number=4"};
  EXPECT_THAT(Rows(), testing::UnorderedElementsAreArray(rows));
  for (const Layout layout : {Layout::kPerFile, Layout::kPacked}) {
    const auto report = Repack(layout);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_THAT(Rows(), testing::UnorderedElementsAreArray(rows));
    EXPECT_THAT(NewestFile(kSnapshot), testing::Contains("n:1"));
  }
  Load("b.txt", "{\"number\":\"6\"}\n");
  EXPECT_THAT(Rows(), UnorderedElementsAre("a.txt: number=5", "b.txt: number=6", "c.txt: new=x number=4"));
  ExpectDerivedAgree(tables_);
}

TEST_F(AlteredSharedFiles, AMergedFileOfAMappedTableIsRewrittenInItsNames) {
  Load("a.txt", "{\"n\":\"1\"}\n");
  Load("b.txt", "{\"n\":\"2\"}\n");
  ForeignWriter(tables_).Optimize();
  Alter(tables_, kSnapshot, MapByName);
  Alter(tables_, kSnapshot, Rename("n", "number"));
  Load("b.txt", "{\"number\":\"3\"}\n");
  EXPECT_THAT(Rows(), UnorderedElementsAre("a.txt: number=1", "b.txt: number=3"));
  const delta::Table table(tables_, kSnapshot);
  for (const delta::Add& add : table.Load()->files.Sorted()) {
    EXPECT_THAT(add.stats, HasSubstr("\"n\":")) << "statistics go by the names in files";
    EXPECT_THAT(add.stats, testing::Not(HasSubstr("number\":\"")));
  }
}

TEST_F(AlteredSharedFiles, RequiredColumnsHoldInPackedFiles) {
  options_.layout = Layout::kPacked;
  Load("a.txt", "{\"n\":\"1\",\"w\":\"x\"}\n");
  tables_.before_commit = [&] { Alter(tables_, kSnapshot, Require("w")); };
  Load("a.txt", "{\"n\":\"1\",\"w\":\"x\"}\n{\"n\":\"2\",\"w\":\"z\"}\n{\"n\":\"3\"}\n");
  EXPECT_THAT(Rows(), UnorderedElementsAre("a.txt: n=1 w=x", "a.txt: n=2 w=z"));
  EXPECT_EQ(ReadRows(tables_, "quarantine").size(), 1U);
}

TEST_F(AlteredSharedFiles, TimestampsRiseThroughPackedCommitsAndConversions) {
  options_.layout = Layout::kPacked;
  Load("a.txt", "{\"n\":\"1\"}\n");
  Feature("inCommitTimestamp", "delta.enableInCommitTimestamps", "true");
  const delta::Version from = Newest();
  Load("b.txt", "{\"n\":\"2\"}\n");
  Load("a.txt", "{\"n\":\"3\"}\n");
  ASSERT_TRUE(Repack(Layout::kPerFile));
  ASSERT_TRUE(Repack(Layout::kPacked));
  Load("b.txt", "{\"n\":\"4\"}\n");
  const delta::Table table(tables_, kSnapshot);
  std::int64_t before = 0;
  EXPECT_GE(Newest(), from + 5);
  for (delta::Version v = from; v <= Newest(); ++v) {
    const auto stamp = delta::InCommitTimestampOf(table.ReadCommit(v)->actions);
    ASSERT_TRUE(stamp) << v;
    EXPECT_GT(*stamp, before) << v;
    before = *stamp;
  }
  EXPECT_THAT(Rows(), UnorderedElementsAre("a.txt: n=3", "b.txt: n=4"));
}

TEST_F(AlteredSharedFiles, ChangesByVectorsAreToldRowByRow) {
  options_.layout = Layout::kPacked;
  Load("a.txt", "{\"n\":\"1\"}\n{\"n\":\"2\"}\n");
  ASSERT_TRUE(source_.Put("b.txt", "{\"n\":\"3\"}\n{\"n\":\"3\"}\n{\"n\":\"4\"}\n"));
  Load("c.txt", "{\"n\":\"5\"}\n");
  ASSERT_TRUE(Repack(Layout::kPerFile));
  ASSERT_TRUE(Repack(Layout::kPacked));  // all in one file
  Feature("changeDataFeed", "delta.enableChangeDataFeed", "true");
  const delta::Version from = Newest();
  Load("b.txt", "{\"n\":\"4\"}\n{\"n\":\"6\"}\n");
  EXPECT_EQ(ApplyChanges(from + 1), 3U + 2U);
  ASSERT_TRUE(source_.Delete("a.txt"));
  Load("c.txt", "{\"n\":\"7\"}\n");
  std::size_t told = 0;
  for (delta::Version v = from + 2; v <= Newest(); ++v) told += ApplyChanges(v);
  EXPECT_EQ(told, 2U + 1U + 1U);
  const delta::Version replaced = Newest();
  ASSERT_TRUE(Repack(Layout::kPerFile));
  ASSERT_EQ(Newest(), replaced + 1);
  EXPECT_EQ(ApplyChanges(Newest()), 0U) << "no row changed";
  EXPECT_THAT(Rows(), UnorderedElementsAre("b.txt: n=4", "b.txt: n=6", "c.txt: n=7"));
}

TEST_F(AlteredSharedFiles, ChangesByRewritingAreToldRowByRow) {
  Load("a.txt", "{\"n\":\"1\"}\n{\"n\":\"2\"}\n");
  Load("b.txt", "{\"n\":\"3\"}\n{\"n\":\"4\"}\n");
  ForeignWriter(tables_).Optimize();
  Load("c.txt", "{\"n\":\"5\"}\n");  // a file of its own
  Feature("changeDataFeed", "delta.enableChangeDataFeed", "true");
  const delta::Version from = Newest();
  ASSERT_TRUE(source_.Put("c.txt", "{\"n\":\"6\"}\n"));
  Load("a.txt", "{\"n\":\"2\"}\n");
  std::size_t told = 0;
  for (delta::Version v = from + 1; v <= Newest(); ++v) told += ApplyChanges(v);
  EXPECT_GE(told, 2U + 1U) << "only the rows of what changed";
  EXPECT_LE(told, 2U + 1U + 1U + 1U);
  EXPECT_THAT(Rows(), UnorderedElementsAre("a.txt: n=2", "b.txt: n=3", "b.txt: n=4", "c.txt: n=6"));
}

}  // namespace
}  // namespace rtl::load
