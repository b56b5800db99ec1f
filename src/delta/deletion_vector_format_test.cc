// What bytes are a deletion vector, and what bytes are not.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "delta/deletion_vector.h"
#include "delta/little_endian.h"
#include "delta/testing_rows.h"
#include "delta/z85.h"

namespace rtl::delta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Writes numbers of the given width one after the other.
class Bytes {
 public:
  Bytes& U16(std::initializer_list<int> numbers) {
    for (const int number : numbers) AppendLittleEndian(bytes_, static_cast<std::uint16_t>(number));
    return *this;
  }
  Bytes& U32(std::initializer_list<std::uint32_t> numbers) {
    for (const std::uint32_t number : numbers) AppendLittleEndian(bytes_, number);
    return *this;
  }
  Bytes& Byte(int byte) {
    bytes_ += static_cast<char>(byte);
    return *this;
  }
  Bytes& Fill(std::size_t count, int byte) {
    bytes_.append(count, static_cast<char>(byte));
    return *this;
  }
  const std::string& str() const { return bytes_; }

 private:
  std::string bytes_;
};

constexpr std::uint32_t kMagic = 1681511377;
constexpr std::uint32_t kNoRuns = 12346;
constexpr std::uint32_t kRuns = 12347;

// A vector of one bucket with this bitmap.
std::string WithBitmap(const std::string& bitmap, std::uint32_t key = 0) {
  return Bytes().U32({kMagic, 1, 0, key}).str() + bitmap;
}

std::vector<std::int64_t> RowsOf(const std::string& bytes) {
  const auto vector = DeletionVector::Parse(bytes);
  EXPECT_TRUE(vector) << vector.error().message();
  std::vector<std::int64_t> rows;
  if (vector) vector->ForEach([&](std::int64_t row) { rows.push_back(row); });
  return rows;
}

void ExpectBad(const std::string& bytes, std::string_view why) {
  const auto vector = DeletionVector::Parse(bytes);
  ASSERT_FALSE(vector) << why;
  EXPECT_EQ(vector.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(vector.error().message(), HasSubstr(why));
}

// The protocol's third example was made before its format was settled: it begins with a magic number of its
// own, big endian, and has no 64-bit count. Its rows in the format that the protocol describes:
TEST(DeletionVectorFormatTest, TheProtocolsExample) {
  const auto old = DecodeZ85("wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L");
  ASSERT_TRUE(old);
  ExpectBad(*old, "magic number");

  constexpr std::string_view kText = "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L";
  const auto bytes = DecodeZ85(kText);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->size(), 44U);
  EXPECT_THAT(RowsOf(*bytes), ElementsAre(3, 4, 7, 11, 18, 29));
  DeletionVector vector;
  vector.AddAll({29, 18, 11, 7, 4, 3});
  EXPECT_EQ(EncodeZ85(vector.Serialize()), kText) << "byte for byte what others write";
}

TEST(DeletionVectorFormatTest, Arrays) {
  const Bytes bitmap = Bytes().U32({kNoRuns, 2}).U16({0, 1, 5, 0}).U32({24, 28}).U16({3, 4, 7});
  EXPECT_THAT(RowsOf(WithBitmap(bitmap.str())), ElementsAre(3, 4, 5 * 65536 + 7));
  EXPECT_THAT(RowsOf(WithBitmap(bitmap.str(), 2)),
              ElementsAre(2 * kKeyRows + 3, 2 * kKeyRows + 4, 2 * kKeyRows + 5 * 65536 + 7));
}

TEST(DeletionVectorFormatTest, RunsAndArrays) {
  // Fewer than four containers with runs have no offsets.
  const Bytes bitmap =
      Bytes().U32({kRuns | 1 << 16}).Byte(0b10).U16({0, 0, 1, 4}).U16({9}).U16({2, 10, 1, 20, 2});
  EXPECT_THAT(RowsOf(WithBitmap(bitmap.str())), ElementsAre(9, 65546, 65547, 65556, 65557, 65558));
}

TEST(DeletionVectorFormatTest, RunsThatTouchAreOneInAllRespects) {
  const auto apart = DeletionVector::Parse(
      WithBitmap(Bytes().U32({kRuns}).Byte(1).U16({0, 5}).U16({2, 10, 1, 12, 3}).str()));
  ASSERT_TRUE(apart) << apart.error().message();
  DeletionVector whole;
  whole.AddRange(10, 6);
  EXPECT_TRUE(*apart == whole);
  EXPECT_THAT(apart->KeptRanges(9, 8), ElementsAre(RowRange{9, 1}, RowRange{16, 1}));
}

TEST(DeletionVectorFormatTest, ABitset) {
  const Bytes bitmap = Bytes().U32({kNoRuns, 1}).U16({0, 8191}).U32({16}).Fill(1024, 0xff).Fill(7168, 0);
  EXPECT_EQ(RowsOf(WithBitmap(bitmap.str())).size(), 8192U);
  EXPECT_EQ(*DeletionVector::Parse(WithBitmap(bitmap.str()))->MaxRow(), 8191);
}

TEST(DeletionVectorFormatTest, EmptyBucketsAreNothing) {
  const Bytes bytes = Bytes()
                          .U32({kMagic, 3, 0})
                          .U32({0, kNoRuns, 0})
                          .U32({7, kNoRuns, 1})
                          .U16({0, 0})
                          .U32({16})
                          .U16({5})
                          .U32({8, kNoRuns, 0});
  EXPECT_THAT(RowsOf(bytes.str()), ElementsAre(7 * kKeyRows + 5));
  EXPECT_EQ(*DeletionVector::Parse(bytes.str())->MaxRow(), 7 * kKeyRows + 5);
}

TEST(DeletionVectorFormatTest, OtherBytesAreErrors) {
  ExpectBad("", "0 bytes are too few");
  ExpectBad(Bytes().U32({kMagic - 1, 0, 0}).str(), "magic number is 1681511376");
  ExpectBad(Bytes().U32({kMagic, 0, 0}).Byte(0).str(), "1 bytes after its last bucket");
  ExpectBad(Bytes().U32({kMagic, 0xffffffff, 0xffffffff}).str(), "18446744073709551615 buckets in 12 bytes");
  ExpectBad(WithBitmap(Bytes().U32({kNoRuns, 0}).str(), 0x80000000), "bucket key 0x80000000");
  for (const std::uint32_t second : {4U, 3U}) {
    const Bytes two = Bytes().U32({kMagic, 2, 0}).U32({4, kNoRuns, 0}).U32({second, kNoRuns, 0});
    ExpectBad(two.str(), "keys of buckets do not ascend");
  }
}

TEST(DeletionVectorFormatTest, OtherBitmapsAreErrors) {
  const auto expect = [](const Bytes& bitmap, std::string_view why) {
    ExpectBad(WithBitmap(bitmap.str(), 3), why);
  };
  expect(Bytes().U32({12345, 0}), "bucket 3: no Roaring bitmap begins with 0x3039");
  expect(Bytes().U32({kNoRuns, 65537}), "a bitmap of 65537 containers");
  expect(Bytes().U32({kNoRuns, 65536}), "ends inside");
  expect(Bytes().U32({kRuns | 0xffff0000, 0}), "ends inside");
  const auto two = [](int key, int offset) {
    return Bytes()
        .U32({kNoRuns, 2})
        .U16({3, 0, key, 0})
        .U32({24, static_cast<std::uint32_t>(offset)})
        .U16({1, 1});
  };
  EXPECT_EQ(RowsOf(WithBitmap(two(4, 26).str())).size(), 2U);
  expect(two(3, 26), "keys of containers do not ascend");
  expect(two(2, 26), "keys of containers do not ascend");
  expect(two(4, 27), "offset");
  const auto array = [](int a, int b) { return Bytes().U32({kNoRuns, 1}).U16({0, 1}).U32({16}).U16({a, b}); };
  expect(array(5, 5), "values of a container do not ascend");
  expect(array(5, 4), "values of a container do not ascend");
  const auto bitset = [](int more) { return Bytes().U32({kNoRuns, 1}).U16({0, 4096 + more}).U32({16}); };
  expect(bitset(0).Fill(512, 0xff).Fill(7680, 0), "4096 values where 4097 are said");
  expect(bitset(0).Fill(8191, 0xff), "ends inside");
}

TEST(DeletionVectorFormatTest, OtherRunsAreErrors) {
  const auto expect = [](int count, std::initializer_list<int> runs, std::string_view why) {
    ExpectBad(WithBitmap(Bytes().U32({kRuns}).Byte(1).U16({0, count - 1}).U16(runs).str()), why);
  };
  expect(3, {2, 10, 1, 11, 0}, "runs of a container do not ascend");
  expect(3, {2, 10, 0, 5, 1}, "runs of a container do not ascend");
  expect(2, {1, 65535, 1}, "leads out of its container");
  expect(4, {1, 10, 1}, "runs hold 2 values where 4 are said");
  expect(1, {0}, "runs hold 0 values where 1 are said");
  expect(4, {3, 10, 1}, "ends inside");
  EXPECT_EQ(RowsOf(WithBitmap(Bytes().U32({kRuns}).Byte(1).U16({0, 65535, 1, 0, 65535}).str())).size(),
            65536U);
}

TEST(DeletionVectorFormatTest, EveryCutIsAnError) {
  std::mt19937_64 random(3);
  const auto rows = RandomRows(random, RowShape::kMixed);
  DeletionVector vector;
  vector.AddAll({rows.begin(), rows.end()});
  const std::string bytes = vector.Serialize();
  for (std::size_t size = 0; size < bytes.size(); size += size < 500 || size + 500 > bytes.size() ? 1 : 97) {
    EXPECT_FALSE(DeletionVector::Parse(bytes.substr(0, size))) << size;
  }
}

TEST(DeletionVectorFormatTest, WhatIsAcceptedAfterDamageIsConsistent) {
  std::mt19937_64 random(4);
  int accepted = 0;
  for (int round = 0; round < 3'000; ++round) {
    const auto rows = RandomRows(random, round % 2 == 0 ? RowShape::kFew : RowShape::kHighKeys);
    DeletionVector vector;
    vector.AddAll({rows.begin(), rows.end()});
    std::string bytes = vector.Serialize();
    for (std::uint64_t n = 1 + random() % 3; n > 0; --n)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto read = DeletionVector::Parse(bytes);
    if (!read) continue;
    ++accepted;
    std::int64_t count = 0;
    std::int64_t last = -1;
    read->ForEach([&](std::int64_t row) {
      ASSERT_GT(row, last);
      ASSERT_TRUE(read->Contains(row));
      last = row;
      ++count;
    });
    ASSERT_EQ(count, read->Cardinality());
    ASSERT_EQ(read->MaxRow().value_or(-1), last);
    ASSERT_TRUE(*DeletionVector::Parse(read->Serialize()) == *read);
  }
  EXPECT_GT(accepted, 100) << "a changed row is no damage that can be seen";
}

}  // namespace
}  // namespace rtl::delta
