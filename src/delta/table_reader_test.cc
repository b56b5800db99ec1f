#include "delta/table_reader.h"

#include <filesystem>
#include <fstream>

#include "delta/testing_corpora.h"
#include "delta/testing_files.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

TEST_F(TableReaderTest, ColumnsComeInTheAskedOrder) {
  Schema({{.name = "a", .type = "string"}, {.name = "b", .type = "long"}, {.name = "c", .type = "double"}});
  File(ParquetBytes({{"c", arrow::float64(), "[1.5, null]"},
                     {"b", arrow::int64(), "[7, 8]"},
                     {"a", arrow::utf8(), R"(["x", "y"])"}}));
  const auto all = Read();
  ASSERT_TRUE(all) << all.error().message();
  EXPECT_EQ(all->front()->schema()->field_names(), (std::vector<std::string>{"a", "b", "c"}));
  const auto some = Read({.columns = {"c", "a"}});
  ASSERT_TRUE(some);
  EXPECT_EQ(some->front()->schema()->field_names(), (std::vector<std::string>{"c", "a"}));
  EXPECT_THAT(some->front()->column(1)->ToString(), HasSubstr("\"y\""));
  ExpectError(ErrorKind::kNotFound, "no column z", {.columns = {"z"}});
}

TEST_F(TableReaderTest, AColumnThatTheFileLacksIsNull) {
  Schema({{.name = "a", .type = "string"}, {.name = "new", .type = "timestamp"}});
  File(ParquetBytes({{"a", arrow::utf8(), R"(["x", "y"])"}, {"dropped", arrow::utf8(), R"(["1", "2"])"}}));
  const auto batches = Read();
  ASSERT_TRUE(batches) << batches.error().message();
  ASSERT_EQ(batches->front()->num_columns(), 2);
  EXPECT_EQ(batches->front()->column(1)->null_count(), 2);
  EXPECT_EQ(batches->front()->column(1)->type()->ToString(), "timestamp[us, tz=UTC]");

  const auto only_missing = Read({.columns = {"new"}});
  ASSERT_TRUE(only_missing) << only_missing.error().message();
  EXPECT_EQ(only_missing->front()->num_rows(), 2);
}

TEST_F(TableReaderTest, NamesMatchExactlyOrElseWithoutCase) {
  Schema({{.name = "Wid", .type = "string"}});
  File(ParquetBytes({{"wid", arrow::utf8(), R"(["lower"])"}, {"Wid", arrow::utf8(), R"(["exact"])"}}));
  ExpectColumn(arrow::utf8(), R"(["exact"])");
  File(ParquetBytes({{"wID", arrow::utf8(), R"(["other"])"}}));
  ExpectColumn(arrow::utf8(), R"(["other"])");
}

TEST_F(TableReaderTest, EveryPrimitiveType) {
  struct Case {
    std::string type;
    std::shared_ptr<arrow::DataType> arrow_type;
    std::string json;
  };
  const std::vector<Case> cases{
      {"string", arrow::utf8(), R"(["ü", null, ""])"},
      {"long", arrow::int64(), "[9223372036854775807, null]"},
      {"integer", arrow::int32(), "[-2147483648, null]"},
      {"short", arrow::int16(), "[-5, null]"},
      {"byte", arrow::int8(), "[-128, null]"},
      {"double", arrow::float64(), "[0.5, null]"},
      {"float", arrow::float32(), "[0.5, null]"},
      {"boolean", arrow::boolean(), "[true, null]"},
      {"date", arrow::date32(), "[-1, null]"},
      {"timestamp", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[1234567, null]"},
      {"timestamp_ntz", arrow::timestamp(arrow::TimeUnit::MICRO), "[1234567, null]"},
      {"binary", arrow::binary(), R"(["ab", null])"},
      {"decimal(38,10)", arrow::decimal128(38, 10), R"(["1234567890.0123456789", null])"},
      {"decimal(5,2)", arrow::decimal128(5, 2), R"(["-123.45", null])"},
  };
  for (const auto& [type, arrow_type, json] : cases) {
    SCOPED_TRACE(type);
    Schema({{.name = "c", .type = type}});
    File(ParquetBytes({{"c", arrow_type, json}}));
    ExpectColumn(arrow_type, json);
  }
}

TEST_F(TableReaderTest, OtherEncodingsOfTheSameKindAreConverted) {
  const auto utc = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  Schema({{.name = "c", .type = "long"}});
  File(ParquetBytes({{"c", arrow::int32(), "[1, null]"}}));
  ExpectColumn(arrow::int64(), "[1, null]");
  Schema({{.name = "c", .type = "timestamp"}});
  File(ParquetBytes({{"c", arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"), "[5, null]"}}));
  ExpectColumn(utc, "[5000, null]");
  File(ParquetBytes({{"c", arrow::timestamp(arrow::TimeUnit::NANO), "[5001, null]"}}));
  ExpectColumn(utc, "[5, null]");
  Schema({{.name = "c", .type = "string"}});
  File(ParquetBytes({{"c", arrow::binary(), R"(["ab", null])"}}));
  ExpectColumn(arrow::utf8(), R"(["ab", null])");
  File(ParquetBytes({{"c", arrow::large_utf8(), R"(["ab", null])"}}));
  ExpectColumn(arrow::utf8(), R"(["ab", null])");
  Schema({{.name = "c", .type = "decimal(10,2)"}});
  File(ParquetBytes({{"c", arrow::decimal128(5, 1), R"(["1.5"])"}}));
  ExpectColumn(arrow::decimal128(10, 2), R"(["1.50"])");
}

TEST_F(TableReaderTest, OtherKindsAreBadData) {
  Schema({{.name = "c", .type = "long"}});
  File(ParquetBytes({{"c", arrow::utf8(), R"(["1"])"}}));
  ExpectError(ErrorKind::kBadData, "t/dir/f #1.parquet: column c: the file has type string, the table int64");
  Schema({{.name = "c", .type = "byte"}});
  File(ParquetBytes({{"c", arrow::int64(), "[300]"}}));
  ExpectError(ErrorKind::kBadData, "column c");
  Schema({{.name = "c", .type = "string"}});
  File(ParquetBytes({{"c", arrow::list(arrow::utf8()), R"([["1"]])"}}));
  ExpectError(ErrorKind::kBadData, "column c: the file has type list<");
  Schema({{.name = "c", .type = R"({"type":"array"})"}});
  ExpectError(ErrorKind::kBadData, "column c");
  Schema({{.name = "c", .type = "variant"}});
  ExpectError(ErrorKind::kUnsupported, "column c: columns of type variant cannot be read");
  Schema({{.name = "c", .type = "decimal(99,2)"}});
  ExpectError(ErrorKind::kBadData, "decimal(99,2)");
}

TEST_F(TableReaderTest, PartitionColumnsComeFromTheLog) {
  struct Case {
    std::string type;
    std::optional<std::string> value;
    std::shared_ptr<arrow::DataType> arrow_type;
    std::string json;
  };
  const auto utc = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  const std::vector<Case> cases{
      {"string", "x y", arrow::utf8(), R"(["x y", "x y"])"},
      {"string", std::nullopt, arrow::utf8(), "[null, null]"},
      {"string", "", arrow::utf8(), "[null, null]"},
      {"integer", "-12", arrow::int32(), "[-12, -12]"},
      {"boolean", "true", arrow::boolean(), "[true, true]"},
      {"double", "1.5", arrow::float64(), "[1.5, 1.5]"},
      {"date", "1970-01-02", arrow::date32(), "[1, 1]"},
      {"decimal(5,2)", "1.50", arrow::decimal128(5, 2), R"(["1.50", "1.50"])"},
      {"timestamp", "1970-01-01 00:00:01.5", utc, "[1500000, 1500000]"},
      {"timestamp", "1970-01-01T00:00:00.123456Z", utc, "[123456, 123456]"},
  };
  const std::string bytes = ParquetBytes({{"a", arrow::int64(), "[1, 2]"}});
  state_.metadata.partition_columns = {"p"};
  for (const auto& [type, value, arrow_type, json] : cases) {
    SCOPED_TRACE(type + " " + value.value_or("null"));
    Schema({{.name = "p", .type = type}, {.name = "a", .type = "long"}});
    File(bytes);
    add_.partition_values["p"] = value;
    ExpectColumn(arrow_type, json);
  }
  Schema({{.name = "p", .type = "integer"}});
  add_.partition_values["p"] = "x";
  ExpectError(ErrorKind::kBadData, "column p");
}

TEST_F(TableReaderTest, RowsComeInBatchesAndInOrder) {
  std::string json = "[0";
  for (int i = 1; i < 1000; ++i) json += fmt::format(", {}", i);
  Schema({{.name = "n", .type = "long"}});
  File(ParquetBytes({{"n", arrow::int64(), json + "]"}}, 300));
  const auto batches = Read({.batch_rows = 128});
  ASSERT_TRUE(batches);
  std::int64_t next = 0;
  for (const auto& batch : *batches) {
    EXPECT_LE(batch->num_rows(), 128);
    const auto& values = static_cast<const arrow::Int64Array&>(*batch->column(0));
    for (std::int64_t i = 0; i < values.length(); ++i) EXPECT_EQ(values.Value(i), next++);
  }
  EXPECT_EQ(next, 1000);
}

TEST_F(TableReaderTest, AnEmptyFileHasNoRows) {
  Schema({{.name = "n", .type = "long"}});
  File(ParquetBytes({{"n", arrow::int64(), "[]"}}));
  std::int64_t rows = 0;
  const auto batches = Read();
  ASSERT_TRUE(batches);
  for (const auto& batch : *batches) rows += batch->num_rows();
  EXPECT_EQ(rows, 0);
}

TEST_F(TableReaderTest, TheSinksErrorEndsTheRead) {
  Schema({{.name = "n", .type = "long"}});
  File(ParquetBytes({{"n", arrow::int64(), "[1, 2, 3]"}}));
  int calls = 0;
  const auto read = ReadDataFile(table_, state_, add_, {.batch_rows = 1}, [&](const auto&) -> Result<> {
    ++calls;
    return Fail(ErrorKind::kCancelled, "enough");
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind(), ErrorKind::kCancelled);
  EXPECT_EQ(read.error().message(), "enough");
  EXPECT_EQ(calls, 1);
}

TEST_F(TableReaderTest, MissingAndForeignFilesAreNamed) {
  Schema({{.name = "n", .type = "long"}});
  add_ = SomeAdd("gone.parquet");
  ExpectError(ErrorKind::kNotFound, "t/gone.parquet");
  for (const auto* path : {"/etc/passwd", "s3://other/x", "../x", "a/../../x"}) {
    add_ = SomeAdd(path);
    ExpectError(ErrorKind::kUnsupported, path);
  }
}

TEST_F(TableReaderTest, DamageIsAnErrorNeverACrash) {
  Schema({{.name = "s", .type = "string"}, {.name = "n", .type = "long"}});
  const std::string good =
      ParquetBytes({{"s", arrow::utf8(), R"(["one", "two", null])"}, {"n", arrow::int64(), "[1, null, 3]"}});
  for (std::size_t length = 0; length < good.size(); length += 11) {
    File(good.substr(0, length));
    ExpectError(ErrorKind::kBadData, "t/dir/f #1.parquet");
  }
  File(good);
  add_.size += 10;
  ExpectError(ErrorKind::kBadData, "t/dir/f #1.parquet");
  for (std::size_t at = 0; at < good.size(); at += 5) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x41);
    File(bad);
    if (const auto read = Read(); !read) {
      EXPECT_THAT(read.error().message(), HasSubstr("t/dir/f #1.parquet"));
    }
  }
}

TEST_F(TableReaderTest, KnownBadFiles) {
  RTL_NEED_CORPUS(folder, "parquet_bad");
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".parquet") continue;
    SCOPED_TRACE(entry.path().filename());
    std::ifstream file(entry.path(), std::ios::binary);
    File(std::string(std::istreambuf_iterator<char>(file), {}));
    // The columns of all these files, as whatever a table might say they are.
    for (const auto* type : {"string", "long", "binary", "integer", "boolean", "short", "byte", "float"}) {
      for (const auto* name :
           {"boolean", "uint8", "int8", "int16", "int32", "int64", "float", "string", "binary", "min_fl", "x",
            "flba_field", "nation_key", "name", "region_key", "comment_col", "outer"}) {
        Schema({{.name = name, .type = type}});
        if (const auto read = Read(); !read) {
          EXPECT_THAT(read.error().message(), HasSubstr("t/dir/f #1.parquet"));
        }
      }
    }
  }
}

}  // namespace
}  // namespace rtl::delta
