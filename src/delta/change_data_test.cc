#include "delta/change_data.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/parquet_object.h"
#include "delta/testing_actions.h"
#include "delta/testing_store.h"

namespace rtl::delta {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

std::shared_ptr<arrow::RecordBatch> Rows(const std::vector<std::string>& wids, std::int64_t n) {
  arrow::StringBuilder strings;
  arrow::Int64Builder numbers;
  for (const std::string& wid : wids) {
    EXPECT_TRUE(strings.Append(wid).ok());
    EXPECT_TRUE(numbers.Append(n).ok());
  }
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("wid", arrow::utf8()), arrow::field("n", arrow::int64())}),
      static_cast<std::int64_t>(wids.size()), {strings.Finish().ValueOrDie(), numbers.Finish().ValueOrDie()});
}

class ChangeDataTest : public testing::Test {
 protected:
  // "name:id|..." and then each row's values.
  std::vector<std::string> Read(const AddCdc& cdc) {
    std::vector<std::string> out;
    const auto object =
        ParquetObject::Open(store_, {.key = table_.DataKey(cdc.path), .size = cdc.size}, 1000);
    EXPECT_TRUE(object) << object.error().message();
    if (!object) return out;
    const auto* schema = object->reader().parquet_reader()->metadata()->schema();
    std::string columns;
    for (int i = 0; i < schema->num_columns(); ++i) {
      const auto* root = schema->GetColumnRoot(i);
      columns += fmt::format("{}:{}|", root->name(), root->field_id());
    }
    out.push_back(columns);
    const auto rows = object->reader().ReadTable().ValueOrDie()->CombineChunksToBatch().ValueOrDie();
    for (std::int64_t row = 0; row < rows->num_rows(); ++row) {
      std::string line;
      for (int c = 0; c < rows->num_columns(); ++c) {
        line += rows->column(c)->GetScalar(row).ValueOrDie()->ToString() + '|';
      }
      out.push_back(line);
    }
    return out;
  }

  TestingStore store_;
  Table table_{store_, "t"};
  Metadata metadata_ = SomeMetadata();
};

TEST_F(ChangeDataTest, RowsAndTheirKind) {
  ChangeDataWriter writer(table_, Protocol{}, metadata_);
  ASSERT_TRUE(writer.Append(ChangeType::kDelete, *Rows({"a", "b"}, 1)));
  ASSERT_TRUE(writer.Append(ChangeType::kInsert, *Rows({"c"}, 2)));
  ASSERT_TRUE(writer.Append(ChangeType::kInsert, *Rows({}, 2)));
  ASSERT_TRUE(writer.Append(ChangeType::kUpdatePreimage, *Rows({"d"}, 3)));
  ASSERT_TRUE(writer.Append(ChangeType::kUpdatePostimage, *Rows({"d"}, 4)));
  const auto files = writer.Finish();
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 1U);
  EXPECT_THAT(files->front().path, StartsWith("_change_data/cdc-"));
  EXPECT_THAT(Read(files->front()),
              ElementsAre("wid:-1|n:-1|_change_type:-1|", "a|1|delete|", "b|1|delete|", "c|2|insert|",
                          "d|3|update_preimage|", "d|4|update_postimage|"));
}

TEST_F(ChangeDataTest, NoRowsMakeNoFile) {
  ChangeDataWriter writer(table_, Protocol{}, metadata_);
  ASSERT_TRUE(writer.Append(ChangeType::kDelete, *Rows({}, 1)));
  EXPECT_THAT(*writer.Finish(), testing::IsEmpty());
}

TEST_F(ChangeDataTest, AWindowEndsAFile) {
  ChangeDataWriter writer(table_, Protocol{}, metadata_, {}, 100);
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(writer.Append(ChangeType::kDelete, *Rows({std::string(90, 'x')}, 1)));
  const auto files = writer.Finish();
  ASSERT_EQ(files->size(), 3U);
  EXPECT_NE(files->at(0).path, files->at(1).path);
  EXPECT_EQ(Read(files->at(2)).size(), 2U);
}

TEST_F(ChangeDataTest, MappedColumns) {
  metadata_.configuration["delta.columnMapping.mode"] = "name";
  metadata_.schema.fields[0].metadata =
      R"({"delta.columnMapping.id":4,"delta.columnMapping.physicalName":"col-1"})";
  metadata_.schema.fields[1].metadata =
      R"({"delta.columnMapping.id":2,"delta.columnMapping.physicalName":"wid"})";
  const Protocol protocol{.min_reader_version = 2, .min_writer_version = 5};
  ChangeDataWriter writer(table_, protocol, metadata_);
  ASSERT_TRUE(writer.Append(ChangeType::kDelete, *Rows({"a"}, 1)));
  const auto files = writer.Finish();
  ASSERT_TRUE(files);
  EXPECT_THAT(Read(files->at(0)), ElementsAre("col-1:4|wid:2|_change_type:-1|", "a|1|delete|"));
  // Nested columns have names of their own within.
  const auto rows = [](const std::shared_ptr<arrow::Array>& list) {
    return arrow::RecordBatch::Make(arrow::schema({arrow::field("wid", list->type())}), 1, {list});
  };
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::StringBuilder>());
  ASSERT_TRUE(lists.AppendNull().ok());
  ChangeDataWriter refused(table_, protocol, metadata_);
  EXPECT_TRUE(refused.Append(ChangeType::kDelete, *rows(lists.Finish().ValueOrDie())));
  ASSERT_TRUE(lists.Append().ok());
  EXPECT_EQ(refused.Append(ChangeType::kDelete, *rows(lists.Finish().ValueOrDie())).error().kind(),
            ErrorKind::kUnsupported);
}

TEST_F(ChangeDataTest, PartitionColumnsStandInTheLog) {
  metadata_.partition_columns = {"n"};
  ChangeDataWriter writer(table_, Protocol{}, metadata_, {{"n", "7"}});
  ASSERT_TRUE(writer.Append(ChangeType::kInsert, *Rows({"a"}, 7)));
  const auto files = writer.Finish();
  EXPECT_EQ(files->at(0).partition_values.at("n"), "7");
  EXPECT_THAT(Read(files->at(0)), ElementsAre("wid:-1|_change_type:-1|", "a|insert|"));
}

TEST_F(ChangeDataTest, OnlyWhereTheTableKeepsIt) {
  Metadata feed = metadata_;
  feed.configuration["delta.enableChangeDataFeed"] = "true";
  EXPECT_TRUE(KeepsChangeData({.min_writer_version = 4}, feed));
  EXPECT_FALSE(KeepsChangeData({.min_writer_version = 3}, feed));
  EXPECT_FALSE(KeepsChangeData({.min_writer_version = 4}, metadata_));
}

}  // namespace
}  // namespace rtl::delta
