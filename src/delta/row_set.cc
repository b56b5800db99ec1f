#include "delta/row_set.h"

#include <algorithm>
#include <utility>

namespace rtl::delta {
namespace {

// Sorted by first; joins what touches.
std::vector<RowRange> Joined(std::vector<RowRange> ranges) {
  std::ranges::sort(ranges, {}, &RowRange::first);
  std::vector<RowRange> joined;
  for (const RowRange& range : ranges) {
    if (range.count <= 0) continue;
    if (!joined.empty() && range.first <= joined.back().end()) {
      joined.back().count = std::max(joined.back().end(), range.end()) - joined.back().first;
    } else {
      joined.push_back(range);
    }
  }
  return joined;
}

}  // namespace

std::int64_t RowsIn(const std::vector<RowRange>& ranges) {
  std::int64_t rows = 0;
  for (const RowRange& range : ranges) rows += range.count;
  return rows;
}

RowSet::RowSet(std::vector<RowRange> ranges) : ranges_(Joined(std::move(ranges))) {}

std::int64_t RowSet::size() const {
  return RowsIn(ranges_);
}

bool RowSet::Contains(std::int64_t row) const {
  const auto after = std::ranges::upper_bound(ranges_, row, {}, &RowRange::first);
  return after != ranges_.begin() && row < std::prev(after)->end();
}

void RowSet::Add(const std::vector<RowRange>& ranges) {
  std::vector<RowRange> all = std::move(ranges_);
  all.insert(all.end(), ranges.begin(), ranges.end());
  ranges_ = Joined(std::move(all));
}

void RowSet::Append(std::int64_t row) {
  if (!ranges_.empty() && row <= ranges_.back().end()) {
    if (row == ranges_.back().end()) ++ranges_.back().count;
  } else {
    ranges_.push_back({row, 1});
  }
}

std::vector<RowRange> RowSet::Without(std::int64_t first, std::int64_t count) const {
  std::vector<RowRange> kept;
  std::int64_t from = first;
  const std::int64_t end = first + count;
  auto range = std::ranges::upper_bound(ranges_, first, {}, &RowRange::first);
  if (range != ranges_.begin() && std::prev(range)->end() > first) --range;
  for (; range != ranges_.end() && range->first < end; ++range) {
    if (range->first > from) kept.push_back({from, range->first - from});
    from = std::max(from, range->end());
  }
  if (from < end) kept.push_back({from, end - from});
  return kept;
}

}  // namespace rtl::delta
