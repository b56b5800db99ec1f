#include "delta/deletion_vector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "delta/table.h"
#include "delta/testing_store.h"

namespace rtl::delta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::int64_t> RowsOf(const RowSet& set) {
  std::vector<std::int64_t> rows;
  for (const RowRange& range : set.ranges()) {
    for (std::int64_t row = range.first; row < range.end(); ++row) rows.push_back(row);
  }
  return rows;
}

RowSet SetOf(const std::set<std::int64_t>& rows) {
  RowSet set;
  for (const std::int64_t row : rows) set.Append(row);
  return set;
}

// The rows are those that the protocol's own example names (section "Deletion Vectors", JSON Example 3).
TEST(DeletionVector, TheProtocolsInlineExample) {
  TestingStore store;
  const Table table(store, "");
  const DeletionVectorDescriptor vector{
      .storage_type = 'i',
      .path_or_inline = "wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L",
      .size_in_bytes = 40,
      .cardinality = 6};
  const auto rows = ReadDeletionVector(table, vector);
  ASSERT_TRUE(rows) << rows.error().message();
  EXPECT_THAT(RowsOf(*rows), ElementsAre(3, 4, 7, 11, 18, 29));
  // The same rows in the present form.
  const DeletionVectorDescriptor present{
      .storage_type = 'i',
      .path_or_inline = "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L",
      .size_in_bytes = 44,
      .cardinality = 6};
  EXPECT_EQ(*ReadDeletionVector(table, present), *rows);
  DeletionVectorDescriptor other = vector;
  other.cardinality = 7;
  EXPECT_THAT(ReadDeletionVector(table, other).error().message(), HasSubstr("takes 6 rows away"));
}

TEST(DeletionVector, TheProtocolsPathExamples) {
  const DeletionVectorDescriptor relative{.storage_type = 'u', .path_or_inline = "ab^-aqEH.-t@S}K{vb[*k^"};
  EXPECT_EQ(*DeletionVectorPath(relative), "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin");
  EXPECT_FALSE(DeletionVectorPath({.storage_type = 'u', .path_or_inline = "short"}));
  EXPECT_EQ(*DeletionVectorPath({.storage_type = 'p', .path_or_inline = "s3://b/a%20b.bin"}),
            "s3://b/a b.bin");
}

TEST(DeletionVector, ComesBackAsItWasWhateverItsShape) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 60; ++round) {
    std::set<std::int64_t> rows;
    const std::int64_t base = round % 3 == 0 ? std::int64_t{5} << 32 : 0;
    const std::int64_t span = round % 2 == 0 ? 300'000 : 70'000;
    for (int i = static_cast<int>(random() % 9'000); i > 0; --i) {
      const std::int64_t first =
          base + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(span));
      const std::int64_t run = round % 5 == 0 ? static_cast<std::int64_t>(random() % 100) : 1;
      for (std::int64_t row = first; row < first + run; ++row) rows.insert(row);
      if (round % 7 == 0) rows.insert(static_cast<std::int64_t>(random() % 70'000));
    }
    const RowSet set = SetOf(rows);
    EXPECT_EQ(set.size(), static_cast<std::int64_t>(rows.size()));
    const auto parsed = ParseDeletionVector(SerializeDeletionVector(set));
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_EQ(*parsed, set);
  }
}

TEST(DeletionVector, SeveralInOneFile) {
  TestingStore store;
  const Table table(store, "t");
  DeletionVectorFile file;
  const RowSet first({{3, 2}, {100'000, 1}});
  const RowSet second({{0, 1'000'000}});
  const auto first_vector = file.Add(first);
  const auto second_vector = file.Add(second);
  ASSERT_TRUE(store.Put(table.DataKey(file.path()), file.bytes()));
  EXPECT_EQ(*ReadDeletionVector(table, first_vector), first);
  EXPECT_EQ(*ReadDeletionVector(table, second_vector), second);
  EXPECT_EQ(second_vector.cardinality, 1'000'000);
  EXPECT_LT(second_vector.size_in_bytes, 300) << "a run takes little room";

  std::string damaged = file.bytes();
  damaged[10] = static_cast<char>(damaged[10] ^ 1);
  ASSERT_TRUE(store.Put(table.DataKey(file.path()), damaged));
  const auto refused = ReadDeletionVector(table, first_vector);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(refused.error().message(), HasSubstr(file.path()));
  ASSERT_TRUE(store.Put(table.DataKey(file.path()), damaged.substr(0, 12)));
  EXPECT_THAT(ReadDeletionVector(table, first_vector).error().message(), HasSubstr("cut short"));
  ASSERT_TRUE(store.Delete(table.DataKey(file.path())));
  EXPECT_EQ(ReadDeletionVector(table, first_vector).error().kind(), ErrorKind::kNotFound);
}

// Whatever is cut off or flipped: an error, or other rows, but never a crash.
TEST(DeletionVector, HostileBytes) {
  std::set<std::int64_t> rows;
  for (std::int64_t row = 0; row < 200'000; row += 3) rows.insert(row);
  for (std::int64_t row = 300'000; row < 300'050; ++row) rows.insert(row);
  const std::string good = SerializeDeletionVector(SetOf(rows));
  for (std::size_t size = 0; size < good.size(); size += 1 + size / 50) {
    EXPECT_FALSE(ParseDeletionVector(std::string_view(good).substr(0, size))) << size;
  }
  EXPECT_FALSE(ParseDeletionVector(good + "x"));
  std::mt19937 random(5);
  for (int round = 0; round < 2'000; ++round) {
    std::string bad = good;
    const std::size_t at = round % 2 == 0 ? random() % 64 : random() % bad.size();
    bad[at] = static_cast<char>(random());
    [[maybe_unused]] const auto parsed = ParseDeletionVector(bad);
  }
}

TEST(DeletionVector, Z85) {
  EXPECT_EQ(EncodeZ85("\x86\x4F\xD2\x6F\xB5\x59\xF7\x5B"), "HelloWorld");
  EXPECT_EQ(*DecodeZ85("HelloWorld"), "\x86\x4F\xD2\x6F\xB5\x59\xF7\x5B");
  EXPECT_FALSE(DecodeZ85("Hell"));
  EXPECT_FALSE(DecodeZ85("Hell\""));
  EXPECT_FALSE(DecodeZ85("#####")) << "more than 32 bits";
}

TEST(RowSet, WithoutGivesWhatIsLeft) {
  const RowSet set({{2, 3}, {10, 1}, {4, 2}});
  EXPECT_THAT(set.ranges(), ElementsAre(RowRange{2, 4}, RowRange{10, 1}));
  EXPECT_THAT(set.Without(0, 12), ElementsAre(RowRange{0, 2}, RowRange{6, 4}, RowRange{11, 1}));
  EXPECT_THAT(set.Without(3, 2), ElementsAre());
  EXPECT_THAT(set.Without(5, 3), ElementsAre(RowRange{6, 2}));
  EXPECT_TRUE(set.Contains(5));
  EXPECT_FALSE(set.Contains(6));
}

}  // namespace
}  // namespace rtl::delta
