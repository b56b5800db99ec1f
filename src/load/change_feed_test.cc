// Tables that keep a change data feed: what a reader of the feed is told is what changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "load/altered_tables.h"
#include "load/foreign_writer.h"

namespace rtl::load {
namespace {

using RowBag = std::multiset<Row>;

class ChangeFeed : public AlteredTables {
 protected:
  void Write(const std::string& file, int rows, const std::string& generation) {
    ASSERT_TRUE(source_.Put(file, Lines(rows, generation)));
  }
  void Sync() {
    const auto report = SyncOnce(source_, tables_, options_);
    ASSERT_TRUE(report) << report.error().message();
  }
  void KeepFeed() {
    Alter(tables_, kSnapshot, [](delta::Protocol& protocol, delta::Metadata& metadata) {
      ListFeature(protocol, "changeDataFeed", false);
      metadata.configuration["delta.enableChangeDataFeed"] = "true";
    });
    since_ = Newest();
  }
  delta::Version Newest() { return table_.Load()->version; }

  RowBag RowsOf(const delta::TableState& state, const std::vector<delta::Add>& files) {
    RowBag rows;
    for (const delta::Add& add : files) {
      const auto read =
          delta::ReadDataFile(table_, state, add, {}, [&](const arrow::RecordBatch& batch) -> Result<> {
            for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
              Row row;
              for (int c = 0; c < batch.num_columns(); ++c) {
                if (!batch.column(c)->IsNull(i)) row[batch.column_name(c)] = ValueText(*batch.column(c), i);
              }
              rows.insert(std::move(row));
            }
            return {};
          });
      EXPECT_TRUE(read) << read.error().message();
    }
    return rows;
  }

  struct Told {
    RowBag deleted;
    RowBag inserted;
    std::size_t files = 0;  // with change data
    bool changes = false;   // some action says so
  };

  // As readers take it from the commit (protocol: "Add CDC File").
  Told Feed(const delta::TableState& before, delta::TableState after, const delta::Commit& commit) {
    Told told;
    std::vector<delta::Add> removed;
    std::vector<delta::Add> added;
    std::vector<delta::Add> changed;
    for (const delta::Action& action : commit.actions) {
      if (const auto* remove = std::get_if<delta::Remove>(&action);
          remove != nullptr && remove->data_change) {
        removed.push_back(*before.files.Find(remove->path));
      }
      if (const auto* add = std::get_if<delta::Add>(&action); add != nullptr && add->data_change) {
        added.push_back(*add);
      }
      if (const auto* cdc = std::get_if<delta::AddCdc>(&action)) {
        changed.push_back({.path = cdc->path, .size = cdc->size});
      }
    }
    told.changes = !removed.empty() || !added.empty();
    told.files = changed.size();
    if (changed.empty()) {
      told.deleted = RowsOf(after, removed);
      told.inserted = RowsOf(after, added);
      return told;
    }
    after.metadata.schema.fields.push_back(
        {"_change_type", "string", true,
         R"({"delta.columnMapping.id":1000,"delta.columnMapping.physicalName":"_change_type"})"});
    for (const Row& row : RowsOf(after, changed)) {
      Row plain = row;
      plain.erase("_change_type");
      const std::string type = Field(row, "_change_type");
      EXPECT_TRUE(type == "delete" || type == "insert") << type;
      (type == "delete" ? told.deleted : told.inserted).insert(std::move(plain));
    }
    return told;
  }

  static RowBag Without(const RowBag& rows, const RowBag& others) {
    RowBag left;
    std::ranges::set_difference(rows, others, std::inserter(left, left.end()));
    return left;
  }

  // Of each commit since the feed was switched on. Returns how many had change data files.
  int ExpectTheFeedTellsWhatChanged() {
    int with_files = 0;
    for (delta::Version v = since_ + 1; v <= Newest(); ++v) {
      const auto before = table_.Load(v - 1);
      const auto after = table_.Load(v);
      const auto commit = table_.ReadCommit(v);
      EXPECT_TRUE(before && after && commit);
      if (!before || !after || !commit) return with_files;
      const RowBag then = RowsOf(*after, before->files.Sorted());
      const RowBag now = RowsOf(*after, after->files.Sorted());
      const Told told = Feed(*before, *after, *commit);
      EXPECT_EQ(told.deleted, Without(then, now)) << "version " << v;
      EXPECT_EQ(told.inserted, Without(now, then)) << "version " << v;
      EXPECT_TRUE(told.changes || told.files == 0) << "version " << v;
      if (told.files > 0) ++with_files;
    }
    return with_files;
  }

  delta::Table table_{tables_, kSnapshot};
  delta::Version since_ = 0;
};

TEST_F(ChangeFeed, WholeFilesTellItThemselves) {
  Write("a", 3, "1");
  Write("b", 3, "1");
  Sync();
  KeepFeed();
  Write("a", 4, "2");
  Write("c", 1, "1");
  Sync();
  ASSERT_TRUE(source_.Delete("b"));
  Sync();
  EXPECT_EQ(ExpectTheFeedTellsWhatChanged(), 0);
}

TEST_F(ChangeFeed, APackedTableTellsAllRowsThatACommitChanges) {
  options_.layout = Layout::kPacked;
  for (const char* file : {"a", "b", "c", "d", "e", "f", "g", "h"}) Write(file, 3, "1");
  Sync();
  KeepFeed();
  Write("b", 2, "2");
  Write("new", 2, "1");
  ASSERT_TRUE(source_.Delete("c"));
  Sync();
  Write("b", 5, "3");  // all of a file's rows go, with a part of another's
  Write("new", 1, "2");
  Write("a", 1, "2");
  Sync();
  Write("other", 1, "1");
  Sync();  // only adds
  for (const char* file : {"d", "e", "f"}) Write(file, 1, "2");
  Sync();  // and compacts
  EXPECT_EQ(ExpectTheFeedTellsWhatChanged(), 3);
  ExpectDerivedAgree(tables_);
}

TEST_F(ChangeFeed, FilesOfSingleKeysInThatCommitAreToldToo) {
  for (const char* file : {"a", "b", "own"}) Write(file, 3, "1");
  Sync();
  ForeignWriter(tables_).Optimize();
  Write("own", 2, "2");
  Sync();  // out of the merged file into its own
  KeepFeed();
  Write("own", 1, "3");
  Write("a", 2, "2");
  Sync();
  EXPECT_EQ(ExpectTheFeedTellsWhatChanged(), 1) << "the merged file was written anew without a's rows";
  Write("b", 2, "2");
  Sync();
  EXPECT_EQ(ExpectTheFeedTellsWhatChanged(), 1) << "nothing was left of it";
  EXPECT_EQ(SnapshotCounts(tables_).size(), 3U);
}

TEST_F(ChangeFeed, RowsThatAnotherStruckOutBeforeAreNotToldAgain) {
  for (const char* file : {"a", "b", "c"}) Write(file, 4, "1");
  Sync();
  ForeignWriter writer(tables_);
  writer.EnableDeletionVectors();
  writer.Optimize();
  writer.Delete([](const Row& row) { return Field(row, "n") == "1"; });
  KeepFeed();
  Sync();  // all keys are loaded again
  Write("a", 1, "2");
  Sync();
  ExpectTheFeedTellsWhatChanged();
  writer.Delete([](const Row& row) { return Field(row, "source_file") == "b" && Field(row, "n") == "2"; });
  since_ = Newest();
  Sync();
  EXPECT_EQ(ExpectTheFeedTellsWhatChanged(), 0) << "b's own file went as a whole";
}

TEST_F(ChangeFeed, ACommitThatIsTriedAgainTellsTheSame) {
  options_.layout = Layout::kPacked;
  for (const char* file : {"a", "b", "c", "d", "e"}) Write(file, 3, "1");
  Sync();
  KeepFeed();
  tables_.before_commit = [&] {
    ForeignWriter(tables_).Delete([](const Row& row) { return Field(row, "source_file") == "b"; });
    ++since_;
  };
  Write("a", 2, "2");
  Sync();
  EXPECT_EQ(tables_.before_commit, nullptr);
  EXPECT_GE(ExpectTheFeedTellsWhatChanged(), 1);
}

TEST_F(ChangeFeed, MappedColumnsAndNewOnes) {
  options_.layout = Layout::kPacked;
  for (const char* file : {"a", "b", "c", "d", "e"}) Write(file, 3, "1");
  Sync();
  Alter(tables_, kSnapshot, MapByName);
  Alter(tables_, kSnapshot, Rename("gen", "generation"));
  KeepFeed();
  ASSERT_TRUE(source_.Put("a", "{\"n\":\"1\",\"new\":\"x\"}\n"));
  Sync();
  EXPECT_EQ(ExpectTheFeedTellsWhatChanged(), 1);
}

}  // namespace
}  // namespace rtl::load
