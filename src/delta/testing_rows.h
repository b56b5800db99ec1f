// Random sets of rows for the tests of deletion vectors.
#pragma once

#include <cstdint>
#include <random>
#include <set>

namespace rtl::delta {

enum class RowShape { kFew, kSparse, kDense, kRuns, kHighKeys, kMixed };

inline constexpr std::int64_t kKeyRows = std::int64_t{1} << 32;
inline constexpr std::int64_t kMaxKey = 0x7fffffff;

inline std::set<std::int64_t> RandomRows(std::mt19937_64& random, RowShape shape) {
  const auto below = [&](std::int64_t bound) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(bound));
  };
  std::set<std::int64_t> rows;
  const auto run = [&](std::int64_t first, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) rows.insert(first + i);
  };
  switch (shape) {
    case RowShape::kFew:
      for (std::int64_t n = below(5); n > 0; --n) rows.insert(below(1000));
      break;
    case RowShape::kSparse:
      for (int i = 0; i < 500; ++i) rows.insert(below(50'000'000));
      break;
    case RowShape::kDense:
      for (int i = 0; i < 20'000; ++i) rows.insert(70'000 + below(60'000));
      break;
    case RowShape::kRuns:
      for (int i = 0; i < 10; ++i) run(below(400'000), 1 + below(2'000));
      break;
    case RowShape::kHighKeys:
      for (int i = 0; i < 50; ++i) rows.insert(below(kMaxKey + 1) * kKeyRows + below(kKeyRows));
      run(kKeyRows * (1 + below(5)) - below(1000), 1000);  // across a bucket's end
      rows.insert(kMaxKey * kKeyRows + (kKeyRows - 1));    // the highest of all
      break;
    case RowShape::kMixed:
      for (const auto part : {RowShape::kFew, RowShape::kDense, RowShape::kRuns, RowShape::kHighKeys}) {
        rows.merge(RandomRows(random, part));
      }
      break;
  }
  return rows;
}

}  // namespace rtl::delta
