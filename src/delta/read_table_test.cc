// Whole tables: deletion vectors, positions, conditions, projections.

#include "delta/deletion_vector_file.h"
#include "delta/predicate_parser.h"
#include "delta/testing_files.h"

namespace rtl::delta {
namespace {

class ReadTableTest : public TableReaderTest {
 protected:
  ReadTableTest() {
    Schema(
        {{.name = "n", .type = "long"}, {.name = "s", .type = "string"}, {.name = "p", .type = "integer"}});
    state_.metadata.partition_columns = {"p"};
  }

  // A file with rows first .. first + count - 1, in row groups of 4.
  Add& Numbers(const std::string& path, std::int64_t first, std::int64_t count, std::int64_t time) {
    std::string numbers = "[";
    std::string texts = "[";
    for (std::int64_t n = first; n < first + count; ++n) {
      numbers += fmt::format("{}{}", n == first ? "" : ",", n);
      texts += fmt::format("{}\"t{}\"", n == first ? "" : ",", n);
    }
    const std::string bytes =
        ParquetBytes({{"n", arrow::int64(), numbers + "]"}, {"s", arrow::utf8(), texts + "]"}}, 4);
    EXPECT_TRUE(store_.Put("t/" + path, bytes));
    Add add = SomeAdd(path);
    add.size = static_cast<std::int64_t>(bytes.size());
    add.modification_time_ms = time;
    add.partition_values["p"] = std::to_string(time);
    add.stats = fmt::format(
        R"({{"numRecords":{},"minValues":{{"n":{}}},"maxValues":{{"n":{}}},"nullCount":{{"n":0}}}})", count,
        first, first + count - 1);
    adds_.push_back(add);
    return adds_.back();
  }

  void Strike(Add& add, const std::vector<std::int64_t>& rows) {
    DeletionVector vector;
    vector.AddAll(rows);
    DeletionVectorFile file({.inline_up_to = 1000});
    add.deletion_vector = *file.Add(vector);
  }

  // The table's rows as "n/s/p" or as far as there are columns, in the order given.
  std::vector<std::string> Rows(const TableReadOptions& options) {
    state_.files = ActiveFiles();
    for (const Add& add : adds_) state_.files.Insert(add);
    std::vector<std::string> rows;
    const auto read =
        ReadTable(table_, state_, options, [&](const Add&, const arrow::RecordBatch& batch) -> Result<> {
          EXPECT_TRUE(batch.ValidateFull().ok());
          EXPECT_GT(batch.num_rows(), 0);
          for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
            std::string text;
            for (const auto& column : batch.columns()) {
              text += (text.empty() ? "" : "/") + column->GetScalar(row).ValueOrDie()->ToString();
            }
            rows.push_back(text);
          }
          return {};
        });
    EXPECT_TRUE(read) << read.error().message();
    counts_ = read.value_or(ReadCounts());
    EXPECT_EQ(counts_.rows, static_cast<std::int64_t>(rows.size()));
    return rows;
  }

  std::shared_ptr<const Predicate> Where(std::string_view text) {
    auto predicate = ParsePredicate(text, state_);
    EXPECT_TRUE(predicate) << predicate.error().message();
    return std::make_shared<Predicate>(std::move(*predicate));
  }

  std::vector<Add> adds_;
  ReadCounts counts_;
};

using testing::ElementsAre;
using testing::IsEmpty;
using Texts = std::vector<std::string>;

TEST_F(ReadTableTest, OldestFilesFirst) {
  Numbers("b", 10, 2, 5);
  Numbers("c", 20, 1, 3);
  Numbers("a", 30, 1, 5);
  EXPECT_THAT(Rows({}), ElementsAre("20/t20/3", "30/t30/5", "10/t10/5", "11/t11/5"));
  EXPECT_EQ(counts_.files_read, 3);
}

TEST_F(ReadTableTest, RowsStruckOutAreNotGiven) {
  Strike(Numbers("a", 0, 10, 1), {0, 3, 4, 5, 6, 7, 9});
  EXPECT_THAT(Rows({}), ElementsAre("1/t1/1", "2/t2/1", "8/t8/1"));
  Strike(adds_.front(), {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_THAT(Rows({}), IsEmpty());
}

TEST_F(ReadTableTest, PositionsAreThoseInTheFile) {
  TableReadOptions options;
  options.with_positions = true;
  options.columns = {"n"};
  options.batch_rows = 3;
  Numbers("a", 100, 6, 1);
  EXPECT_THAT(Rows(options), ElementsAre("100/0", "101/1", "102/2", "103/3", "104/4", "105/5"));
  Strike(adds_.front(), {0, 4});
  EXPECT_THAT(Rows(options), ElementsAre("101/1", "102/2", "103/3", "105/5"));
  options.where = Where("s = 't105' OR s = 't102'");
  EXPECT_THAT(Rows(options), ElementsAre("102/2", "105/5")) << "what only the condition reads is not given";
  options.columns = {"p", "n"};
  EXPECT_THAT(Rows(options), ElementsAre("1/102/2", "1/105/5"));
}

TEST_F(ReadTableTest, AVectorBeyondTheFileIsBadData) {
  Strike(Numbers("a", 0, 10, 1), {10});
  add_ = adds_.front();
  ExpectError(ErrorKind::kBadData, "deletion vector");
}

TEST_F(ReadTableTest, ConditionsOpenNoFileThatCannotHaveARow) {
  Numbers("a", 0, 10, 1);
  Numbers("b", 10, 10, 2);
  Numbers("c", 20, 10, 3);
  TableReadOptions options;
  options.columns = {"n"};
  options.where = Where("n = 15 OR n = 16");
  EXPECT_THAT(Rows(options), ElementsAre("15", "16"));
  EXPECT_EQ(counts_.files_read, 1);
  EXPECT_EQ(counts_.files_skipped, 2);
  options.where = Where("p >= 2 AND NOT n < 19 AND NOT s = 't19'");
  EXPECT_THAT(Rows(options).size(), 10U);
  EXPECT_EQ(counts_.files_skipped, 1);
  options.where = Where("n = 99");
  EXPECT_THAT(Rows(options), IsEmpty());
  EXPECT_EQ(counts_.files_read, 0);
}

TEST_F(ReadTableTest, FilesAreChosenByWhateverIsKnownOfThem) {
  Numbers("a", 0, 1, 1);
  Numbers("b", 1, 1, 2);
  TableReadOptions options;
  options.wants_file = [](const Add& add) { return add.path == "b"; };
  EXPECT_THAT(Rows(options), ElementsAre("1/t1/2"));
  EXPECT_EQ(counts_.files_skipped, 1);
}

// Whatever the statistics, a condition gives the rows for which it is true.
TEST_F(ReadTableTest, ConditionsMeanTheSameWithAndWithoutStatistics) {
  for (int file = 0; file < 6; ++file)
    Numbers(std::string(1, static_cast<char>('a' + file)), file * 5, 7, file);
  Strike(adds_[2], {0, 1, 6});
  const Texts conditions{"n < 12",
                         "n >= 12 AND n <= 13",
                         "NOT n > 8",
                         "p = 3",
                         "p <> 3 AND n < 20",
                         "n IS NULL",
                         "n IS NOT NULL AND s > 't2'",
                         "n = 10 OR p = 5 AND NOT s = 't25'",
                         "n > 11.5 AND n < 12.5"};
  for (const std::string& condition : conditions) {
    TableReadOptions options;
    options.where = Where(condition);
    const Texts with = Rows(options);
    const auto adds = adds_;
    for (Add& add : adds_) {
      if (!add.deletion_vector) add.stats.clear();
    }
    EXPECT_EQ(Rows(options), with) << condition;
    adds_ = adds;
  }
}

TEST_F(ReadTableTest, TheSinksErrorEndsTheRead) {
  Numbers("a", 0, 10, 1);
  state_.files.Insert(adds_.front());
  const auto read = ReadTable(table_, state_, {}, [](const Add&, const arrow::RecordBatch&) -> Result<> {
    return Fail(ErrorKind::kCancelled, "enough");
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message(), "enough");
}

}  // namespace
}  // namespace rtl::delta
