// Nested columns, mapped columns, and types that were widened.
#include <arrow/extension_type.h>

#include "delta/testing_files.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;
using Rows = std::vector<std::shared_ptr<arrow::RecordBatch>>;

std::string Struct(const std::string& fields) {
  return R"({"type":"struct","fields":[)" + fields + "]}";
}
std::string Member(const std::string& name, const std::string& type, const std::string& metadata = "{}") {
  const std::string quoted = type.starts_with('{') ? type : '"' + type + '"';
  return R"({"name":")" + name + R"(","type":)" + quoted + R"(,"nullable":true,"metadata":)" + metadata + "}";
}
std::string Array(const std::string& element) {
  return R"({"type":"array","elementType":)" + element + R"(,"containsNull":true})";
}
std::string Map(const std::string& key, const std::string& value) {
  return R"({"type":"map","keyType":)" + key + R"(,"valueType":)" + value + R"(,"valueContainsNull":true})";
}
std::string Mapped(int id, const std::string& name) {
  return R"({"delta.columnMapping.id":)" + std::to_string(id) + R"(,"delta.columnMapping.physicalName":")" +
         name + "\"}";
}

class NestedColumns : public TableReaderTest {
 protected:
  void MapColumns(const std::string& mode) {
    state_.protocol = {.min_reader_version = 2, .min_writer_version = 5};
    state_.metadata.configuration["delta.columnMapping.mode"] = mode;
  }
  // A column "c" of `type`, from a file that has it as `from`.
  void ExpectRead(const std::string& type, const std::shared_ptr<arrow::DataType>& from,
                  const std::string& json, const std::shared_ptr<arrow::DataType>& to,
                  const std::string& expected) {
    Schema({{.name = "c", .type = type}});
    File(ParquetBytes({{"c", from, json}}));
    ExpectColumn(to, expected);
  }
};

TEST_F(NestedColumns, FieldsOfAStructComeByNameInTheTablesOrder) {
  const std::string type =
      Struct(Member("a", "long") + "," + Member("b", "string") + "," + Member("new", "double"));
  const auto to = arrow::struct_({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8()),
                                  arrow::field("new", arrow::float64())});
  const auto from = arrow::struct_({arrow::field("B", arrow::utf8()), arrow::field("gone", arrow::int32()),
                                    arrow::field("a", arrow::int32())});
  ExpectRead(type, from, R"([{"B": "x", "gone": 1, "a": 7}, null, {"B": null, "gone": 2, "a": null}])", to,
             R"([{"a": 7, "b": "x", "new": null}, null, {"a": null, "b": null, "new": null}])");
}

TEST_F(NestedColumns, AStructWithNoneOfItsFieldsInTheFileIsStillThere) {
  const auto from = arrow::struct_({arrow::field("gone", arrow::int32())});
  ExpectRead(Struct(Member("new", "long")), from, R"([{"gone": 1}, null])",
             arrow::struct_({arrow::field("new", arrow::int64())}), R"([{"new": null}, null])");
}

TEST_F(NestedColumns, ListsOfStructs) {
  const auto from = arrow::list(arrow::struct_({arrow::field("a", arrow::int32())}));
  const auto to =
      arrow::list(arrow::struct_({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8())}));
  ExpectRead(Array(Struct(Member("a", "long") + "," + Member("b", "string"))), from,
             R"([[{"a": 1}, null, {"a": null}], null, [], [{"a": 2}]])", to,
             R"([[{"a": 1, "b": null}, null, {"a": null, "b": null}], null, [], [{"a": 2, "b": null}]])");
}

TEST_F(NestedColumns, Maps) {
  const auto from = arrow::map(arrow::utf8(), arrow::list(arrow::int16()));
  const auto to = arrow::map(arrow::utf8(), arrow::list(arrow::int32()));
  ExpectRead(Map("\"string\"", Array("\"integer\"")), from,
             R"([[["a", [1, 2]], ["b", null]], null, [], [["c", [null]]]])", to,
             R"([[["a", [1, 2]], ["b", null]], null, [], [["c", [null]]]])");
}

TEST_F(NestedColumns, BatchesOfOneRowGroupAreCutRight) {
  std::string json = "[";
  for (int i = 0; i < 500; ++i) {
    json += fmt::format(
        "{}{}", i == 0 ? "" : ",",
        i % 7 == 0 ? "null" : fmt::format(R"({{"a": [{}, {}], "m": [["k{}", {}]]}})", i, i + 1, i, i));
  }
  json += "]";
  const auto from = arrow::struct_({arrow::field("a", arrow::list(arrow::int32())),
                                    arrow::field("m", arrow::map(arrow::utf8(), arrow::int32()))});
  const auto to = arrow::struct_({arrow::field("m", arrow::map(arrow::utf8(), arrow::int64())),
                                  arrow::field("a", arrow::list(arrow::int64()))});
  Schema(
      {{.name = "c",
        .type = Struct(Member("m", Map("\"string\"", "\"long\"")) + "," + Member("a", Array("\"long\"")))}});
  File(ParquetBytes({{"c", from, json}}, 300));
  const auto batches = Read({.batch_rows = 64});
  ASSERT_TRUE(batches) << batches.error().message();
  EXPECT_GT(batches->size(), 7U);
  const auto all = arrow::Table::FromRecordBatches(*batches).ValueOrDie()->CombineChunks().ValueOrDie();
  const auto expected = arrow::json::ArrayFromJSONString(to, json).ValueOrDie();
  EXPECT_TRUE(all->column(0)->chunk(0)->Equals(expected)) << all->column(0)->chunk(0)->ToString();
}

TEST_F(NestedColumns, OtherEncodingsWithinNestedTypes) {
  ExpectRead(Array("\"string\""), arrow::large_list(arrow::large_utf8()), R"([["a", null], null])",
             arrow::list(arrow::utf8()), R"([["a", null], null])");
  ExpectRead(Array("\"long\""), arrow::fixed_size_list(arrow::int32(), 2), "[[1, 2], [3, null]]",
             arrow::list(arrow::int64()), "[[1, 2], [3, null]]");
  const auto utc = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  ExpectRead(Struct(Member("t", "timestamp")),
             arrow::struct_({arrow::field("t", arrow::timestamp(arrow::TimeUnit::NANO))}),
             R"([{"t": 1999}, {"t": -1}, {"t": -1000}, {"t": null}])",
             arrow::struct_({arrow::field("t", utc)}), R"([{"t": 1}, {"t": -1}, {"t": -1}, {"t": null}])");
}

TEST_F(NestedColumns, LegacyListsAndTimes) {
  Schema({{.name = "l", .type = Array("\"integer\"")}, {.name = "t", .type = "timestamp"}});
  parquet::ArrowWriterProperties::Builder builder;
  builder.enable_deprecated_int96_timestamps()->disable_compliant_nested_types();
  const auto utc = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  File(ParquetBytes(
      {arrow::field("l", arrow::list(arrow::field("item", arrow::int32()))), arrow::field("t", utc)},
      {"[[1, null], null]", "[-62135596800000000, 253402300799999999]"}, 1000, builder.build()));
  const auto batches = Read();
  ASSERT_TRUE(batches) << batches.error().message();
  const auto& batch = *batches->front();
  EXPECT_TRUE(batch.column(0)->Equals(
      arrow::json::ArrayFromJSONString(arrow::list(arrow::int32()), "[[1, null], null]").ValueOrDie()));
  EXPECT_TRUE(batch.column(1)->Equals(
      arrow::json::ArrayFromJSONString(utc, "[-62135596800000000, 253402300799999999]").ValueOrDie()))
      << batch.column(1)->ToString();
}

TEST_F(NestedColumns, WidenedTypes) {
  ExpectRead("double", arrow::float32(), "[0.5, null]", arrow::float64(), "[0.5, null]");
  ExpectRead("double", arrow::int32(), "[7, null]", arrow::float64(), "[7, null]");
  ExpectRead("timestamp_ntz", arrow::date32(), "[1, null]", arrow::timestamp(arrow::TimeUnit::MICRO),
             "[86400000000, null]");
  ExpectRead("decimal(12,2)", arrow::int32(), "[-7, null]", arrow::decimal128(12, 2), R"(["-7.00", null])");
  ExpectRead("decimal(22,2)", arrow::int64(), "[7]", arrow::decimal128(22, 2), R"(["7.00"])");
  ExpectRead("decimal(10,2)", arrow::decimal128(5, 1), R"(["1.5", null])", arrow::decimal128(10, 2),
             R"(["1.50", null])");
  ExpectRead(Array("\"long\""), arrow::list(arrow::int16()), "[[1], null]", arrow::list(arrow::int64()),
             "[[1], null]");
  ExpectRead("integer", arrow::int8(), "[1]", arrow::int32(), "[1]");
}

TEST_F(NestedColumns, OtherKindsAreBadData) {
  const auto expect = [&](const std::string& type, const std::shared_ptr<arrow::DataType>& from,
                          const std::string& json, std::string_view text) {
    Schema({{.name = "c", .type = type}});
    File(ParquetBytes({{"c", from, json}}));
    ExpectError(ErrorKind::kBadData, text);
  };
  expect("timestamp", arrow::date32(), "[1]", "the file has type date32[day], the table timestamp");
  expect("double", arrow::int64(), "[1]", "the file has type int64, the table double");
  expect("decimal(5,2)", arrow::decimal128(10, 2), R"(["12345678.90"])", "column c");
  expect("decimal(5,2)", arrow::decimal128(5, 3), R"(["1.005"])", "column c");
  expect(Struct(Member("a", "long")), arrow::int64(), "[1]",
         "the file has type int64, the table struct<a: long>");
  expect(Array("\"long\""), arrow::utf8(), R"(["a"])", "the table array<long>");
  expect(Map("\"string\"", "\"long\""), arrow::list(arrow::int64()), "[[1]]", "the table map<string, long>");
  expect(Struct(Member("a", "long")), arrow::struct_({arrow::field("a", arrow::utf8())}), R"([{"a": "x"}])",
         "column c: field a: the file has type string");
}

// Protocol, "Reader Requirements for Column Mapping".
TEST_F(NestedColumns, MappedByName) {
  MapColumns("name");
  Schema(
      {{.name = "a", .type = "long", .metadata = Mapped(1, "col-1")},
       {.name = "col-1", .type = "string", .metadata = Mapped(2, "col-2")},
       {.name = "c", .type = Struct(Member("x", "long", Mapped(4, "col-4"))), .metadata = Mapped(3, "col-3")},
       {.name = "p", .type = "integer", .metadata = Mapped(5, "col-5")}});
  state_.metadata.partition_columns = {"p"};
  const auto inner =
      arrow::struct_({arrow::field("x", arrow::int64()), arrow::field("col-4", arrow::int64())});
  File(ParquetBytes({{"a", arrow::int64(), "[0]"},
                     {"COL-1", arrow::int64(), "[1]"},
                     {"col-2", arrow::utf8(), R"(["two"])"},
                     {"col-3", inner, R"([{"x": 0, "col-4": 4}])"}}));
  add_.partition_values = {{"col-5", "5"}, {"p", "0"}};
  const auto batches = Read();
  ASSERT_TRUE(batches) << batches.error().message();
  const auto row = batches->front();
  EXPECT_EQ(row->schema()->field_names(), (std::vector<std::string>{"a", "col-1", "c", "p"}));
  EXPECT_EQ(row->column(0)->null_count(), 1) << "names are mapped exactly or not at all";
  EXPECT_EQ(row->column(1)->GetScalar(0).ValueOrDie()->ToString(), "two");
  EXPECT_THAT(row->column(2)->GetScalar(0).ValueOrDie()->ToString(), HasSubstr("x:int64 = 4"));
  EXPECT_EQ(row->column(3)->GetScalar(0).ValueOrDie()->ToString(), "5");
}

TEST_F(NestedColumns, MappedById) {
  MapColumns("id");
  Schema({{.name = "a", .type = "long", .metadata = Mapped(1, "col-1")},
          {.name = "b", .type = "long", .metadata = Mapped(9, "col-9")},
          {.name = "c",
           .type = Array(Struct(Member("x", "long", Mapped(4, "col-4")))),
           .metadata = Mapped(3, "col-3")}});
  const auto inner = arrow::struct_({arrow::field("x", arrow::int64()), FieldWithId("z", arrow::int64(), 4)});
  File(ParquetBytes({FieldWithId("b", arrow::int64(), 1), FieldWithId("whatever", arrow::list(inner), 3)},
                    {"[1]", R"([[{"x": 0, "z": 4}]])"}));
  const auto batches = Read();
  ASSERT_TRUE(batches) << batches.error().message();
  const auto row = batches->front();
  EXPECT_EQ(row->column(0)->GetScalar(0).ValueOrDie()->ToString(), "1");
  EXPECT_EQ(row->column(1)->null_count(), 1);
  EXPECT_THAT(row->column(2)->ToString(), HasSubstr("4"));

  File(ParquetBytes({{"a", arrow::int64(), "[1]"}}));
  ExpectError(ErrorKind::kBadData, "no field ids");
  File(ParquetBytes({FieldWithId("a", arrow::int64(), 1), FieldWithId("b", arrow::int64(), 1)},
                    {"[1]", "[2]"}));
  ExpectError(ErrorKind::kBadData, "two columns have the id 1");
}

TEST_F(NestedColumns, AMappingThatIsNotThereIsNamed) {
  File(ParquetBytes({FieldWithId("a", arrow::int64(), 1)}, {"[1]"}));
  Schema({{.name = "a", .type = "long"}});
  MapColumns("name");
  ExpectError(ErrorKind::kBadData, "column mapping: a has no physical name");
  MapColumns("id");
  ExpectError(ErrorKind::kBadData, "column mapping: a has no id");
  MapColumns("other");
  ExpectError(ErrorKind::kUnsupported, "column mapping mode \"other\"");
  state_.protocol = {.min_reader_version = 1, .min_writer_version = 5};
  EXPECT_TRUE(Read()) << "without the feature the property has no meaning";
}

}  // namespace
}  // namespace rtl::delta
