// Data files for this folder's tests, and reading them.
#pragma once

#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "delta/table_reader.h"
#include "delta/testing_actions.h"
#include "delta/testing_store.h"

namespace rtl::delta {

struct FileColumn {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  std::string json;  // its values
};

// A field with a Parquet field id.
inline std::shared_ptr<arrow::Field> FieldWithId(const std::string& name,
                                                 std::shared_ptr<arrow::DataType> type, int id) {
  return arrow::field(name, std::move(type))
      ->WithMetadata(arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(id)}));
}

inline std::string ParquetBytes(const arrow::FieldVector& fields, const std::vector<std::string>& json,
                                std::int64_t group_rows = 1000,
                                const std::shared_ptr<parquet::ArrowWriterProperties>& properties =
                                    parquet::default_arrow_writer_properties()) {
  arrow::ArrayVector arrays;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    arrays.push_back(arrow::json::ArrayFromJSONString(fields[i]->type(), json[i]).ValueOrDie());
  }
  const auto table = arrow::Table::Make(arrow::schema(fields), arrays);
  const auto out = arrow::io::BufferOutputStream::Create().ValueOrDie();
  EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, group_rows,
                                         parquet::default_writer_properties(), properties)
                  .ok());
  return out->Finish().ValueOrDie()->ToString();
}

inline std::string ParquetBytes(const std::vector<FileColumn>& columns, std::int64_t group_rows = 1000) {
  arrow::FieldVector fields;
  std::vector<std::string> values;
  for (const auto& [name, type, json] : columns) {
    fields.push_back(arrow::field(name, type));
    values.push_back(json);
  }
  return ParquetBytes(fields, values, group_rows);
}

class TableReaderTest : public testing::Test {
 protected:
  void Schema(std::vector<Field> fields) { state_.metadata.schema.fields = std::move(fields); }
  void File(std::string_view bytes) {
    add_ = SomeAdd("dir/f #1.parquet");
    add_.size = static_cast<std::int64_t>(bytes.size());
    ASSERT_TRUE(store_.Put("t/dir/f #1.parquet", bytes));
  }
  // Every batch on a line of its own: columns as Arrow prints them.
  Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> Read(const ReadOptions& options = {}) {
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    RTL_CHECK(ReadDataFile(table_, state_, add_, options, [&](const arrow::RecordBatch& batch) -> Result<> {
      EXPECT_TRUE(batch.ValidateFull().ok());
      batches.push_back(batch.Slice(0));
      return {};
    }));
    return batches;
  }
  // Expects one batch of one column.
  void ExpectColumn(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
    const auto batches = Read();
    ASSERT_TRUE(batches) << batches.error().message();
    ASSERT_EQ(batches->size(), 1U);
    const auto expected = arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
    const auto actual = batches->front()->column(0);
    EXPECT_TRUE(actual->Equals(expected)) << actual->ToString() << "\n" << actual->type()->ToString();
  }
  void ExpectError(ErrorKind kind, std::string_view text, const ReadOptions& options = {}) {
    const auto batches = Read(options);
    ASSERT_FALSE(batches);
    EXPECT_EQ(batches.error().kind(), kind) << batches.error().message();
    EXPECT_THAT(batches.error().message(), testing::HasSubstr(std::string(text)));
  }

  TestingStore store_;
  Table table_{store_, "t"};
  TableState state_;
  Add add_;
};

}  // namespace rtl::delta
