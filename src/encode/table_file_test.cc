#include "encode/table_file.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/file_reader.h>

namespace rtl::encode {
namespace {

using testing::HasSubstr;
using testing::Not;

std::shared_ptr<arrow::RecordBatch> Rows(bool with_list) {
  arrow::StringBuilder strings;
  EXPECT_TRUE(strings.Append("a").ok());
  EXPECT_TRUE(strings.AppendNull().ok());
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::StringBuilder>());
  EXPECT_TRUE((with_list ? lists.Append() : lists.AppendNull()).ok());
  EXPECT_TRUE(lists.AppendNull().ok());
  arrow::NullBuilder none;
  EXPECT_TRUE(none.AppendNulls(2).ok());
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("w", arrow::utf8()), arrow::field("list", arrow::list(arrow::utf8())),
                     arrow::field("none", arrow::null())}),
      2, {*strings.Finish(), *lists.Finish(), *none.Finish()});
}

// "name:id" of each column.
std::vector<std::string> Columns(const EncodedFile& file) {
  const auto reader = parquet::ParquetFileReader::Open(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(file.bytes)));
  const auto* schema = reader->metadata()->schema();
  std::vector<std::string> columns;
  for (int i = 0; i < schema->num_columns(); ++i) {
    const auto* root = schema->GetColumnRoot(i);
    columns.push_back(root->name() + ":" + std::to_string(root->field_id()));
  }
  return columns;
}

EncodeOptions Mapped() {
  auto stored = std::make_shared<StoredColumns>();
  stored->columns = {{"w", "col-1", 7, true}, {"list", "col-2", 8, false}};
  stored->complete = true;
  return {.stored = std::move(stored)};
}

TEST(TableFile, ColumnsAsTheyAreNamed) {
  const auto batch = Rows(true);
  auto file = TableFile::Create(batch->schema(), 0);
  ASSERT_TRUE(file && (*file)->Write(*batch));
  const auto encoded = (*file)->Finish();
  ASSERT_TRUE(encoded);
  EXPECT_THAT(Columns(*encoded), testing::ElementsAre("w:-1", "list:-1"));
  EXPECT_THAT(encoded->stats, HasSubstr(R"("nullCount":{"w":1})"));
}

TEST(TableFile, MappedColumns) {
  const auto batch = Rows(false);
  auto file = TableFile::Create(batch->schema(), 0, Mapped());
  ASSERT_TRUE(file && (*file)->Write(*batch));
  const auto encoded = (*file)->Finish();
  ASSERT_TRUE(encoded);
  EXPECT_THAT(Columns(*encoded), testing::ElementsAre("col-1:7"));
  EXPECT_THAT(encoded->stats, HasSubstr(R"("minValues":{"col-1":"a"})"));
  EXPECT_THAT(encoded->stats, Not(HasSubstr("\"w\"")));
}

TEST(TableFile, AValueInANestedColumnIsRefusedWhereColumnsAreMapped) {
  const auto batch = Rows(true);
  auto file = TableFile::Create(batch->schema(), 0, Mapped());
  ASSERT_TRUE(file);
  const auto written = (*file)->Write(*batch);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind(), ErrorKind::kUnsupported);
  EXPECT_THAT(written.error().message(), HasSubstr("column list"));
}

}  // namespace
}  // namespace rtl::encode
