#include "delta/deletion_vector_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "delta/deletion_vector_reader.h"
#include "delta/testing_rows.h"
#include "delta/testing_store.h"
#include "delta/z85.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

DeletionVector Of(std::vector<std::int64_t> rows) {
  DeletionVector vector;
  vector.AddAll(rows);
  return vector;
}

class DeletionVectorFileTest : public testing::Test {
 protected:
  void Put(const DeletionVectorFile& file) { ASSERT_TRUE(store_.Put("t/" + file.path(), file.bytes())); }

  void ExpectError(const DeletionVectorDescriptor& descriptor, ErrorKind kind, std::string_view why,
                   std::optional<std::int64_t> num_records = std::nullopt) {
    const auto read = ReadDeletionVector(store_, "t", descriptor, num_records);
    ASSERT_FALSE(read) << why;
    EXPECT_EQ(read.error().kind(), kind) << read.error().message();
    EXPECT_THAT(read.error().message(), HasSubstr(why));
  }

  TestingStore store_;
};

TEST_F(DeletionVectorFileTest, SeveralInOneFile) {
  std::mt19937_64 random(1);
  std::vector<DeletionVector> vectors;
  std::vector<DeletionVectorDescriptor> descriptors;
  DeletionVectorFile file({.prefix = "a7"});
  EXPECT_TRUE(file.empty());
  for (int i = 0; i < 24; ++i) {
    const auto rows = RandomRows(random, static_cast<RowShape>(i % 6));
    vectors.push_back(Of({rows.begin(), rows.end()}));
    const auto descriptor = file.Add(vectors.back());
    ASSERT_TRUE(descriptor) << descriptor.error().message();
    descriptors.push_back(*descriptor);
  }
  EXPECT_FALSE(file.empty());
  EXPECT_EQ(file.bytes()[0], 1);
  EXPECT_THAT(file.path(), StartsWith("a7/deletion_vector_"));
  EXPECT_EQ(descriptors[0].offset, 1);
  EXPECT_GT(file.bytes().size(), std::size_t{64} << 10) << "some lie deep in it";
  Put(file);
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    EXPECT_EQ(descriptors[i].storage_type, 'u');
    const auto read = ReadDeletionVector(store_, "t", descriptors[i]);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_TRUE(*read == vectors[i]) << i;
  }
}

TEST_F(DeletionVectorFileTest, SmallOnesMayStandInTheLog) {
  DeletionVectorFile file({.inline_up_to = 40});
  const auto small = file.Add(Of({3}));  // 34 bytes: not whole groups
  ASSERT_TRUE(small);
  EXPECT_EQ(small->storage_type, 'i');
  EXPECT_EQ(small->size_in_bytes, 34);
  EXPECT_FALSE(small->offset);
  EXPECT_TRUE(file.empty());
  const auto read = ReadDeletionVector(store_, "t", *small, 4);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_TRUE(*read == Of({3}));
  EXPECT_EQ(store_.gets, 0U);

  const auto large = file.Add(Of({1, 3, 5, 7, 9, 11}));
  ASSERT_TRUE(large);
  EXPECT_EQ(large->storage_type, 'u');
  EXPECT_FALSE(file.empty());
}

TEST_F(DeletionVectorFileTest, OneGetForASmallFile) {
  DeletionVectorFile file;
  const auto descriptor = file.Add(Of({5, 6}));
  Put(file);
  ASSERT_TRUE(ReadDeletionVector(store_, "t", *descriptor, 7));
  EXPECT_EQ(store_.gets, 1U);
  ExpectError(*descriptor, ErrorKind::kBadData, "row 6 of a file of 6 rows", 6);
}

TEST_F(DeletionVectorFileTest, AnAbsolutePathInTheStore) {
  DeletionVectorFile file;
  auto descriptor = *file.Add(Of({5, 6}));
  ASSERT_TRUE(store_.Put("other/a b.bin", file.bytes()));
  descriptor.storage_type = 'p';
  descriptor.path_or_inline = "testing:/other/a%20b.bin";
  const auto read = ReadDeletionVector(store_, "t", descriptor);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_TRUE(*read == Of({5, 6}));
  descriptor.path_or_inline = "s3://elsewhere/a.bin";
  ExpectError(descriptor, ErrorKind::kUnsupported, "s3://elsewhere/a.bin lies outside testing:");
}

TEST_F(DeletionVectorFileTest, FilesThatDoNotFitTheirDescriptor) {
  DeletionVectorFile file;
  const auto good = *file.Add(Of({5, 6}));
  ExpectError(good, ErrorKind::kNotFound, file.path());
  Put(file);

  auto bad = good;
  bad.cardinality = 3;
  ExpectError(bad, ErrorKind::kBadData, "2 rows where the log says 3");
  bad = good;
  bad.size_in_bytes = good.size_in_bytes - 2;
  ExpectError(bad, ErrorKind::kBadData, "the file says that it has 36 bytes, the log 34");
  bad.size_in_bytes = std::numeric_limits<std::int32_t>::max();
  bad.offset = std::numeric_limits<std::int32_t>::max();
  ExpectError(bad, ErrorKind::kBadData, "ends inside");
  bad = good;
  bad.offset = 2;
  ExpectError(bad, ErrorKind::kBadData, "ends inside");
  bad.offset.reset();  // as 0, which is the version's place
  ExpectError(bad, ErrorKind::kBadData, "the file has its version");
  bad.offset = -1;
  ExpectError(bad, ErrorKind::kBadData, "negative");
  bad = good;
  bad.size_in_bytes = -8;
  ExpectError(bad, ErrorKind::kBadData, "negative");
  bad = good;
  bad.storage_type = 'z';
  ExpectError(bad, ErrorKind::kUnsupported, "storage type z");
}

TEST_F(DeletionVectorFileTest, DamagedFiles) {
  DeletionVectorFile file;
  const auto descriptor = *file.Add(Of({5, 6}));
  std::string bytes = file.bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_TRUE(store_.Put("t/" + file.path(), bytes.substr(0, size)));
    ExpectError(descriptor, ErrorKind::kBadData, file.path());
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] ^= 16;
    ASSERT_TRUE(store_.Put("t/" + file.path(), damaged));
    ExpectError(descriptor, i == 0 ? ErrorKind::kUnsupported : ErrorKind::kBadData, file.path());
  }
}

TEST_F(DeletionVectorFileTest, InlineOnesThatDoNotFit) {
  DeletionVectorFile file({.inline_up_to = 100});
  const auto good = *file.Add(Of({5, 7, 9}));
  auto bad = good;
  bad.size_in_bytes -= 4;
  ExpectError(bad, ErrorKind::kBadData, "40 bytes stand where sizeInBytes says 34");
  bad.size_in_bytes = 41;
  ExpectError(bad, ErrorKind::kBadData, "sizeInBytes says 41");
  bad = good;
  bad.path_or_inline[3] = ' ';
  ExpectError(bad, ErrorKind::kBadData, "inline deletion vector: character 4");
  bad = good;
  bad.path_or_inline = EncodeZ85("no vector at all 123 and so on, 40 bytes");
  ExpectError(bad, ErrorKind::kBadData, "inline deletion vector: the magic number");
}

}  // namespace
}  // namespace rtl::delta
