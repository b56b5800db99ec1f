#include "delta/deletion_vector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <set>

#include "delta/testing_rows.h"

namespace rtl::delta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::int64_t> RowsOf(const DeletionVector& vector) {
  std::vector<std::int64_t> rows;
  vector.ForEach([&](std::int64_t row) { rows.push_back(row); });
  return rows;
}

TEST(DeletionVectorTest, Empty) {
  const DeletionVector vector;
  EXPECT_TRUE(vector.empty());
  EXPECT_EQ(vector.Cardinality(), 0);
  EXPECT_FALSE(vector.MaxRow());
  EXPECT_FALSE(vector.Contains(0));
  EXPECT_THAT(vector.KeptRanges(5, 3), ElementsAre(RowRange{5, 3}));
  const auto read = DeletionVector::Parse(vector.Serialize());
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_TRUE(read->empty());
}

TEST(DeletionVectorTest, RowsOfABatch) {
  DeletionVector vector;
  vector.AddAll({3, 4, 7, 11});
  EXPECT_THAT(vector.KeptRanges(0, 10), ElementsAre(RowRange{0, 3}, RowRange{5, 2}, RowRange{8, 2}));
  EXPECT_THAT(vector.KeptRanges(3, 2), ElementsAre());
  EXPECT_THAT(vector.KeptRanges(4, 8), ElementsAre(RowRange{5, 2}, RowRange{8, 3}));
  EXPECT_THAT(vector.KeptRanges(9, 0), ElementsAre());
  EXPECT_EQ(vector.CountIn(0, 10), 3);
  EXPECT_EQ(vector.CountIn(4, 8), 3);
  EXPECT_EQ(vector.CountIn(4, 0), 0);
  EXPECT_THAT(vector.KeptBitmap(0, 10), ElementsAre(0b01100111, 0b11));
  EXPECT_THAT(vector.KeptBitmap(4, 8), ElementsAre(0b01110110));
  EXPECT_THAT(vector.KeptBitmap(4, 0), ElementsAre());
}

TEST(DeletionVectorTest, RangesAcrossBuckets) {
  DeletionVector vector;
  vector.AddRange(kKeyRows - 2, 4);
  EXPECT_EQ(vector.Cardinality(), 4);
  EXPECT_EQ(*vector.MaxRow(), kKeyRows + 1);
  EXPECT_THAT(RowsOf(vector), ElementsAre(kKeyRows - 2, kKeyRows - 1, kKeyRows, kKeyRows + 1));
  EXPECT_THAT(vector.KeptRanges(kKeyRows - 3, 6),
              ElementsAre(RowRange{kKeyRows - 3, 1}, RowRange{kKeyRows + 2, 1}));
  EXPECT_EQ(vector.CountIn(kKeyRows - 1, 2), 2);
  vector.AddRange(5, 0);
  EXPECT_EQ(vector.Cardinality(), 4);
}

TEST(DeletionVectorTest, AWholeBucket) {
  DeletionVector vector;
  vector.AddRange(0, kKeyRows);
  EXPECT_EQ(vector.Cardinality(), kKeyRows);
  EXPECT_EQ(vector.CountIn(0, kKeyRows + 5), kKeyRows);
  EXPECT_THAT(vector.KeptRanges(kKeyRows - 3, 4), ElementsAre(RowRange{kKeyRows, 1}));
  const auto read = DeletionVector::Parse(vector.Serialize());
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(*read, vector);
}

TEST(DeletionVectorTest, CopiesAreApart) {
  DeletionVector first;
  first.Add(1);
  DeletionVector second = first;
  second.Add(2);
  EXPECT_EQ(first.Cardinality(), 1);
  EXPECT_EQ(second.Cardinality(), 2);
  EXPECT_FALSE(first == second);
  first = second;
  EXPECT_TRUE(first == second);
  const DeletionVector& itself = first;
  first = itself;
  first.MergeWith(itself);
  EXPECT_EQ(first.Cardinality(), 2);
  first = DeletionVector();
  EXPECT_TRUE(first.empty());
}

TEST(DeletionVectorTest, WhatTheLogSaysMustHold) {
  DeletionVector vector;
  vector.AddAll({3, 9});
  EXPECT_TRUE(vector.CheckAgainst(2, std::nullopt));
  EXPECT_TRUE(vector.CheckAgainst(2, 10));
  EXPECT_THAT(vector.CheckAgainst(3, 10).error().message(), HasSubstr("2 rows where the log says 3"));
  EXPECT_THAT(vector.CheckAgainst(2, 9).error().message(), HasSubstr("row 9 of a file of 9 rows"));
  EXPECT_TRUE(DeletionVector().CheckAgainst(0, 0));
}

class AgainstAModel : public testing::TestWithParam<std::tuple<RowShape, int>> {
 protected:
  std::mt19937_64 random_{static_cast<std::uint64_t>(std::get<1>(GetParam()))};
  RowShape shape_ = std::get<0>(GetParam());

  // In one of the ways in which a vector may be filled.
  DeletionVector Fill(const std::set<std::int64_t>& rows) {
    DeletionVector vector;
    std::vector<std::int64_t> all(rows.begin(), rows.end());
    switch (random_() % 4) {
      case 0:
        std::ranges::shuffle(all, random_);
        for (const std::int64_t row : all) vector.Add(row);
        break;
      case 1:
        std::ranges::shuffle(all, random_);
        vector.AddAll(all);
        break;
      case 2:
        vector.AddAll(all);
        break;
      default:
        for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
          for (end = begin + 1; end < all.size() && all[end] == all[end - 1] + 1; ++end) {
          }
          vector.AddRange(all[begin], static_cast<std::int64_t>(end - begin));
        }
    }
    return vector;
  }

  void ExpectSame(const DeletionVector& vector, const std::set<std::int64_t>& rows) {
    ASSERT_EQ(vector.Cardinality(), static_cast<std::int64_t>(rows.size()));
    ASSERT_TRUE(std::ranges::equal(RowsOf(vector), rows));
    ASSERT_EQ(vector.MaxRow(), rows.empty() ? std::nullopt : std::optional(*rows.rbegin()));
    for (int i = 0; i < 20; ++i) {
      std::int64_t around = static_cast<std::int64_t>(random_() % 500'000);
      if (!rows.empty() && i % 2 == 0) {
        auto found = rows.lower_bound(static_cast<std::int64_t>(random_() >> (1 + random_() % 40)));
        around = found == rows.end() ? *rows.begin() : *found;
      }
      const std::int64_t first =
          std::max<std::int64_t>(0, around - static_cast<std::int64_t>(random_() % 900));
      const auto count = std::min(static_cast<std::int64_t>(random_() % 3'000),
                                  std::numeric_limits<std::int64_t>::max() - first);
      ExpectSameIn(vector, rows, first, count);
    }
  }

  static void ExpectSameIn(const DeletionVector& vector, const std::set<std::int64_t>& rows,
                           std::int64_t first, std::int64_t count) {
    const auto bitmap = vector.KeptBitmap(first, count);
    ASSERT_EQ(bitmap.size(), static_cast<std::size_t>((count + 7) / 8));
    std::vector<bool> in_ranges(static_cast<std::size_t>(count));
    std::int64_t last_end = -1;
    for (const RowRange& range : vector.KeptRanges(first, count)) {
      ASSERT_GT(range.first, last_end) << "ranges are maximal";
      ASSERT_GT(range.count, 0);
      last_end = range.first + range.count;
      for (std::int64_t i = range.first; i < last_end; ++i)
        in_ranges.at(static_cast<std::size_t>(i - first)) = true;
    }
    std::int64_t deleted = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      const bool kept = !rows.contains(first + i);
      deleted += kept ? 0 : 1;
      const auto at = static_cast<std::size_t>(i);
      ASSERT_EQ((bitmap[at / 8] >> (at % 8) & 1) != 0, kept) << first + i;
      ASSERT_EQ(in_ranges[at], kept) << first + i;
      ASSERT_EQ(vector.Contains(first + i), !kept);
    }
    for (auto spare = static_cast<std::size_t>(count); spare < bitmap.size() * 8; ++spare) {
      ASSERT_EQ(bitmap[spare / 8] >> (spare % 8) & 1, 0);
    }
    ASSERT_EQ(vector.CountIn(first, count), deleted);
  }
};

TEST_P(AgainstAModel, TheSameRows) {
  auto rows = RandomRows(random_, shape_);
  DeletionVector vector = Fill(rows);
  ExpectSame(vector, rows);

  const std::string bytes = vector.Serialize();
  const auto read = DeletionVector::Parse(bytes);
  ASSERT_TRUE(read) << read.error().message();
  ExpectSame(*read, rows);
  EXPECT_TRUE(*read == vector);
  EXPECT_EQ(read->Serialize(), bytes);

  // Grown after a read, as when more rows of a file are struck out.
  const auto more = RandomRows(random_, static_cast<RowShape>(random_() % 6));
  DeletionVector merged = *read;
  merged.MergeWith(Fill(more));
  EXPECT_EQ(merged == vector, std::ranges::includes(rows, more));
  rows.insert(more.begin(), more.end());
  ExpectSame(merged, rows);
  EXPECT_TRUE(merged == Fill(rows)) << "however it was filled";
}

std::string NameOf(const testing::TestParamInfo<AgainstAModel::ParamType>& info) {
  static constexpr std::array kNames = {"Few", "Sparse", "Dense", "Runs", "HighKeys", "Mixed"};
  return kNames.at(static_cast<std::size_t>(std::get<0>(info.param))) +
         std::to_string(std::get<1>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Random, AgainstAModel,
                         testing::Combine(testing::Values(RowShape::kFew, RowShape::kSparse, RowShape::kDense,
                                                          RowShape::kRuns, RowShape::kHighKeys,
                                                          RowShape::kMixed),
                                          testing::Range(0, 5)),
                         NameOf);

}  // namespace
}  // namespace rtl::delta
