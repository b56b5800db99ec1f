#include "encode/parquet_encoder.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/metadata.h>

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace rtl::encode {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const RowOrigin kOrigin = {"customer-1.txt", "etag-1", 3, FromMicros(1'767'225'600'123'456)};

std::shared_ptr<arrow::Array> Strings(const std::vector<std::optional<std::string>>& values) {
  arrow::StringBuilder builder;
  for (const auto& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

template <typename Builder, typename T>
std::shared_ptr<arrow::Array> Numbers(const std::vector<std::optional<T>>& values) {
  Builder builder;
  for (const auto& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

DecodedSlice SliceOf(const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  DecodedSlice slice;
  slice.row_count = slice.lines = arrays.empty() ? 1 : arrays[0]->length();
  slice.rows = arrow::RecordBatch::Make(arrow::schema(fields), slice.row_count, arrays);
  return slice;
}

std::vector<EncodedFile> EncodeRows(const std::vector<DecodedSlice>& slices, EncodeOptions options = {}) {
  std::vector<EncodedFile> files;
  RowEncoder encoder(
      kOrigin,
      [&](EncodedFile file) -> Result<> {
        files.push_back(std::move(file));
        return {};
      },
      options);
  for (const auto& slice : slices) EXPECT_TRUE(encoder.Append(slice).has_value());
  EXPECT_TRUE(encoder.Finish().has_value());
  return files;
}

std::unique_ptr<parquet::ParquetFileReader> Open(const EncodedFile& file) {
  return parquet::ParquetFileReader::Open(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(file.bytes)));
}

std::shared_ptr<arrow::Table> Read(const EncodedFile& file) {
  std::unique_ptr<parquet::arrow::FileReader> reader;
  auto made = parquet::arrow::FileReader::Make(arrow::default_memory_pool(), Open(file));
  EXPECT_TRUE(made.ok());
  auto table = (*made)->ReadTable().ValueOrDie();
  EXPECT_TRUE(table->ValidateFull().ok());
  EXPECT_EQ(table->num_rows(), file.rows);
  return table;
}

// Column `name` of the file as written equals the array.
void ExpectColumn(const EncodedFile& file, const std::string& name, const arrow::Array& expected) {
  const auto column = Read(file)->GetColumnByName(name);
  ASSERT_NE(column, nullptr) << name;
  EXPECT_TRUE(column->Equals(arrow::ChunkedArray(expected.Slice(0)))) << name << column->ToString();
}

TEST(RowEncoder, ValuesComeBack) {
  const auto wid = Strings({"0001", "0002", std::nullopt, ""});
  const auto payload = Strings({R"({"a": 1.50})", std::nullopt, "[]", std::string(100'000, 'x')});
  const auto n = Numbers<arrow::Int64Builder, std::int64_t>(
      {1, std::nullopt, std::numeric_limits<std::int64_t>::min(), 4});
  const auto d = Numbers<arrow::DoubleBuilder, double>({1.5, std::nullopt, -0.0, 1e300});
  const auto b = Numbers<arrow::BooleanBuilder, bool>({true, std::nullopt, false, true});
  const auto none = Strings({std::nullopt, std::nullopt, std::nullopt, std::nullopt});
  const auto files = EncodeRows(
      {SliceOf({{"wid", wid}, {"json_data", payload}, {"n", n}, {"d", d}, {"b", b}, {"none", none}})});
  ASSERT_EQ(files.size(), 1u);
  ExpectColumn(files[0], "wid", *wid);
  ExpectColumn(files[0], "json_data", *payload);
  ExpectColumn(files[0], "n", *n);
  ExpectColumn(files[0], "d", *d);
  ExpectColumn(files[0], "b", *b);
  ExpectColumn(files[0], "none", *none);
  ExpectColumn(files[0], "source_file",
               *Strings(std::vector<std::optional<std::string>>(4, "customer-1.txt")));
  ExpectColumn(files[0], "source_version", *Strings(std::vector<std::optional<std::string>>(4, "etag-1")));
  ExpectColumn(files[0], "file_version", *Numbers<arrow::Int64Builder, std::int64_t>({3, 3, 3, 3}));
  EXPECT_THAT(Read(files[0])->ColumnNames(),
              ElementsAre("wid", "json_data", "n", "d", "b", "none", "source_file", "source_version",
                          "file_version", "ingest_time"));
  const auto time = Read(files[0])->GetColumnByName("ingest_time");
  EXPECT_EQ(time->type()->ToString(), "timestamp[us, tz=UTC]");
  EXPECT_EQ(static_cast<const arrow::TimestampArray&>(*time->chunk(0)).Value(3),
            MicrosSinceEpoch(kOrigin.ingest_time));
}

TEST(RowEncoder, StatisticsAreThoseOfTheProtocol) {
  const auto files =
      EncodeRows({SliceOf({{"wid", Strings({"b", std::nullopt, "a"})},
                           {"json_data", Strings({"{}", "x", std::nullopt})},
                           {"long", Strings({std::string(257, 'x'), "a", "b"})},
                           {"n", Numbers<arrow::Int64Builder, std::int64_t>({5, -7, std::nullopt})},
                           {"d", Numbers<arrow::DoubleBuilder, double>({0.5, -1e300, 2})},
                           {"b", Numbers<arrow::BooleanBuilder, bool>({true, true, std::nullopt})},
                           {"none", Strings({std::nullopt, std::nullopt, std::nullopt})}})});
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(
      files[0].stats,
      R"({"numRecords":3,"minValues":{"wid":"a","n":-7,"d":-1e+300,"source_file":"customer-1.txt","source_version":"etag-1","file_version":3,"ingest_time":"2026-01-01T00:00:00.123Z"},)"
      R"("maxValues":{"wid":"b","n":5,"d":2,"source_file":"customer-1.txt","source_version":"etag-1","file_version":3,"ingest_time":"2026-01-01T00:00:00.124Z"},)"
      R"("nullCount":{"wid":1,"json_data":1,"long":0,"n":1,"d":0,"b":1,"none":3,"source_file":0,"source_version":0,"file_version":0,"ingest_time":0}})");
}

TEST(RowEncoder, StatisticsCoverThirtyTwoColumnsAndOurs) {
  std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>> columns;
  for (int i = 0; i < 40; ++i) columns.emplace_back("c" + std::to_string(i), Strings({"v"}));
  const auto files = EncodeRows({SliceOf(columns)});
  EXPECT_THAT(files.at(0).stats, HasSubstr("\"c31\":\"v\""));
  EXPECT_THAT(files.at(0).stats, Not(HasSubstr("\"c32\"")));
  EXPECT_THAT(files.at(0).stats, HasSubstr("\"nullCount\":{\"c0\":0"));
  EXPECT_THAT(files.at(0).stats, HasSubstr("\"ingest_time\":0}}"));
}

EncodeOptions Stored(StoredColumns columns) {
  return {.stored = std::make_shared<const StoredColumns>(std::move(columns))};
}

TEST(RowEncoder, ColumnsAreStoredUnderTheirOtherNames) {
  const auto files = EncodeRows(
      {SliceOf({{"a", Strings({"x", "x"})}, {"b", Strings({"y", {}})}}), SliceOf({{"b", Strings({"z"})}})},
      Stored({.columns = {{"a", "col-1", 7},
                          {"b", "a", 2},
                          {"source_file", "source_file", 3},
                          {"source_version", "col-v", 4},
                          {"file_version", "file_version", 5}},
              .complete = true}));
  ASSERT_EQ(files.size(), 1U);
  const auto metadata = Open(files[0])->metadata();
  const auto* schema = metadata->schema();
  std::vector<std::string> columns;
  for (int i = 0; i < schema->num_columns(); ++i) {
    const auto node = schema->GetColumnRoot(i);
    columns.push_back(fmt::format("{}:{}", node->name(), node->field_id()));
  }
  EXPECT_THAT(columns, ElementsAre("col-1:7", "a:2", "source_file:3", "col-v:4", "file_version:5",
                                   "unnamed ingest_time:-1"));
  ExpectColumn(files[0], "a", *Strings({"y", {}, "z"}));
  ExpectColumn(files[0], "col-1", *Strings({"x", "x", {}}));
  EXPECT_THAT(files[0].stats, HasSubstr(R"("nullCount":{"col-1":1,"a":1,"source_file":0,"col-v":0)"));
  EXPECT_THAT(files[0].stats, HasSubstr(R"("minValues":{"col-1":"x","a":"y")"));
  // A dictionary is asked for by the name in the file.
  const auto many =
      EncodeRows({SliceOf({{"a", Strings(std::vector<std::optional<std::string>>(2000, "x"))}})},
                 Stored({.columns = {{"a", "b.c", 1}}}));
  EXPECT_TRUE(Open(many[0])->metadata()->RowGroup(0)->ColumnChunk(0)->has_dictionary_page());
  EXPECT_THAT(Read(many[0])->ColumnNames(),
              ElementsAre("b.c", "source_file", "source_version", "file_version", "ingest_time"));
}

TEST(RowEncoder, NullsOfSomeColumnsAreAlwaysCounted) {
  std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>> columns;
  for (int i = 0; i < 40; ++i) columns.emplace_back(fmt::format("c{}", i), Strings({"x"}));
  const auto files = EncodeRows({SliceOf(columns)}, Stored({.columns = {{"c35", "c35", -1, true}}}));
  EXPECT_THAT(files[0].stats, HasSubstr(R"("c35":0)"));
  EXPECT_THAT(files[0].stats, Not(HasSubstr(R"("c35":"x")")));
  EXPECT_THAT(files[0].stats, Not(HasSubstr("c34")));
}

TEST(RowEncoder, SlicesMakeOneFileAndLackingColumnsAreNull) {
  const auto files = EncodeRows({SliceOf({{"a", Strings({"1"})}, {"b", Strings({"2"})}}), DecodedSlice{},
                                 SliceOf({{"b", Strings({"3"})}}), SliceOf({})});
  ASSERT_EQ(files.size(), 1u);
  ExpectColumn(files[0], "a", *Strings({"1", std::nullopt, std::nullopt}));
  ExpectColumn(files[0], "b", *Strings({"2", "3", std::nullopt}));
  EXPECT_THAT(files[0].stats, HasSubstr(R"("nullCount":{"a":2,"b":1,)"));
}

TEST(RowEncoder, ANewColumnOrTypeBeginsAFile) {
  const auto files =
      EncodeRows({SliceOf({{"a", Strings({"1"})}}), SliceOf({{"a", Strings({"2"})}, {"b", Strings({"3"})}}),
                  SliceOf({{"a", Numbers<arrow::Int64Builder, std::int64_t>({4})}})});
  ASSERT_EQ(files.size(), 3u);
  ExpectColumn(files[0], "a", *Strings({"1"}));
  ExpectColumn(files[1], "b", *Strings({"3"}));
  ExpectColumn(files[2], "a", *Numbers<arrow::Int64Builder, std::int64_t>({4}));
}

TEST(RowEncoder, NoRowsMakeNoFile) {
  EXPECT_TRUE(EncodeRows({}).empty());
  EXPECT_TRUE(EncodeRows({DecodedSlice{}}).empty());
}

TEST(RowEncoder, RowsWithoutDataColumns) {
  const auto files = EncodeRows({SliceOf({})});
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].rows, 1);
  EXPECT_EQ(Read(files[0])->num_columns(), 4);
}

TEST(RowEncoder, AWindowEndsAFile) {
  const auto slice = SliceOf({{"a", Strings({std::string(1000, 'x'), std::string(1000, 'y')})}});
  const auto files = EncodeRows({slice, slice, slice, slice, slice}, {.window_bytes = 4000});
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[0].rows, 4);
  EXPECT_EQ(files[2].rows, 2);
}

TEST(RowEncoder, RowGroupsAreBoundedAndPagesIndexed) {
  arrow::Int64Builder builder;
  for (std::int64_t i = 0; i < 1'000'002; ++i) ASSERT_TRUE(builder.Append(i).ok());
  const auto n = builder.Finish().ValueOrDie();
  const auto files = EncodeRows({SliceOf({{"n", n}})});
  ASSERT_EQ(files.size(), 1u);
  const auto metadata = Open(files[0])->metadata();
  ASSERT_EQ(metadata->num_row_groups(), 2);
  EXPECT_EQ(metadata->RowGroup(1)->num_rows(), 2);
  EXPECT_TRUE(metadata->RowGroup(0)->ColumnChunk(0)->GetColumnIndexLocation().has_value());
  ExpectColumn(files[0], "n", *n);
}

TEST(RowEncoder, OnlyRepeatedValuesGetADictionary) {
  arrow::StringBuilder unique, repeated, in_turns;
  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE(in_turns.Append(std::to_string(i % 5)).ok());
    ASSERT_TRUE(unique.Append("u" + std::to_string(i)).ok());
    ASSERT_TRUE(repeated.Append(i % 2 == 0 ? "yes" : "no").ok());
  }
  const auto files = EncodeRows({SliceOf({{"unique", unique.Finish().ValueOrDie()},
                                          {"repeated", repeated.Finish().ValueOrDie()},
                                          {"in_turns", in_turns.Finish().ValueOrDie()}})});
  const auto metadata = Open(files.at(0))->metadata();
  const auto group = metadata->RowGroup(0);
  EXPECT_FALSE(group->ColumnChunk(0)->has_dictionary_page());
  EXPECT_TRUE(group->ColumnChunk(1)->has_dictionary_page());
  EXPECT_TRUE(group->ColumnChunk(2)->has_dictionary_page());
  EXPECT_TRUE(group->ColumnChunk(3)->has_dictionary_page());  // source_file
  EXPECT_EQ(group->ColumnChunk(0)->compression(), parquet::Compression::ZSTD);
}

TEST(RowEncoder, TheSinksErrorComesThrough) {
  RowEncoder encoder(kOrigin, [](EncodedFile) -> Result<> { return Fail(ErrorKind::kUnavailable, "full"); });
  ASSERT_TRUE(encoder.Append(SliceOf({{"a", Strings({"1"})}})).has_value());
  EXPECT_EQ(encoder.Finish().error().kind(), ErrorKind::kUnavailable);
}

TEST(RowEncoder, AnUnfinishedFileIsGivenUp) {
  int files = 0;
  {
    RowEncoder encoder(kOrigin, [&](EncodedFile) -> Result<> {
      ++files;
      return {};
    });
    const auto slice = SliceOf({{"a", Strings({std::string(500'000, 'x')})}});
    ASSERT_TRUE(encoder.Append(slice).has_value());
    ASSERT_TRUE(encoder.Append(slice).has_value());
  }
  EXPECT_EQ(files, 0);
}

TEST(RejectEncoder, TheQuarantineTablesColumns) {
  std::vector<EncodedFile> files;
  RejectEncoder encoder(kOrigin, [&](EncodedFile file) -> Result<> {
    files.push_back(std::move(file));
    return {};
  });
  ASSERT_TRUE(
      encoder
          .Append(
              {{.line_number = 7, .byte_offset = 70, .reason = "why", .bytes = std::string("\xFF\0x", 3)}})
          .has_value());
  ASSERT_TRUE(encoder.Append({}).has_value());
  ASSERT_TRUE(
      encoder.Append({{.line_number = 9, .byte_offset = 90, .reason = "also", .bytes = ""}}).has_value());
  ASSERT_TRUE(encoder.Finish().has_value());
  ASSERT_EQ(files.size(), 1u);
  const auto table = Read(files[0]);
  EXPECT_EQ(table->schema()->ToString(),
            "source_file: string\nsource_version: string\nfile_version: int64\nline_number: "
            "int64\nbyte_offset: int64\n"
            "reason: string\nraw_line: binary\ningest_time: timestamp[us, tz=UTC]");
  ExpectColumn(files[0], "line_number", *Numbers<arrow::Int64Builder, std::int64_t>({7, 9}));
  ExpectColumn(files[0], "reason", *Strings({"why", "also"}));
  EXPECT_EQ(static_cast<const arrow::BinaryArray&>(*table->GetColumnByName("raw_line")->chunk(0)).GetView(0),
            std::string_view("\xFF\0x", 3));
  EXPECT_THAT(files[0].stats, HasSubstr(R"("minValues":{"source_file":"customer-1.txt")"));
  EXPECT_THAT(files[0].stats, HasSubstr(R"("raw_line":0)"));
}

TEST(RejectEncoder, NoLinesMakeNoFileAndManyBytesSeveral) {
  std::vector<EncodedFile> files;
  const RowEncoder::Sink sink = [&](EncodedFile file) -> Result<> {
    files.push_back(std::move(file));
    return {};
  };
  RejectEncoder none(kOrigin, sink);
  ASSERT_TRUE(none.Finish().has_value());
  EXPECT_TRUE(files.empty());
  RejectEncoder many(kOrigin, sink, {.window_bytes = 8 << 20});
  const RejectedLine line = {
      .line_number = 1, .byte_offset = 0, .reason = "x", .bytes = std::string(5 << 20, 'x')};
  ASSERT_TRUE(many.Append({line, line, line}).has_value());
  ASSERT_TRUE(many.Finish().has_value());
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].rows, 2);
}

TEST(EncodeBatch, AsOneFile) {
  const auto slice = SliceOf(
      {{"file_path", Strings({"a", "b"})}, {"size", Numbers<arrow::Int64Builder, std::int64_t>({1, 2})}});
  const auto file = EncodeBatch(*slice.rows);
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->rows, 2);
  EXPECT_EQ(Read(*file)->num_columns(), 2);
  const auto odd = arrow::RecordBatch::Make(arrow::schema({arrow::field("x", arrow::null())}), 0,
                                            arrow::ArrayVector{std::make_shared<arrow::NullArray>(0)});
  EXPECT_EQ(EncodeBatch(*odd).error().kind(), ErrorKind::kInternal);
}

}  // namespace
}  // namespace rtl::encode
