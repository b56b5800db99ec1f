// A set of row positions as ascending ranges: rows are mostly taken out in runs.
#pragma once

#include <cstdint>
#include <vector>

namespace rtl::delta {

// Rows [first, first + count) of a data file, counted from its beginning.
struct RowRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int64_t end() const { return first + count; }
  bool operator==(const RowRange&) const = default;
};

std::int64_t RowsIn(const std::vector<RowRange>& ranges);

class RowSet {
 public:
  RowSet() = default;
  // Any order, overlapping or not.
  explicit RowSet(std::vector<RowRange> ranges);

  bool empty() const { return ranges_.empty(); }
  std::int64_t size() const;  // rows
  bool Contains(std::int64_t row) const;
  void Add(const std::vector<RowRange>& ranges);
  void Append(std::int64_t row);  // not below any row in the set

  // Ascending, disjoint, with a gap between any two.
  const std::vector<RowRange>& ranges() const { return ranges_; }
  // What of [first, first + count) is not in the set.
  std::vector<RowRange> Without(std::int64_t first, std::int64_t count) const;

  bool operator==(const RowSet&) const = default;

 private:
  std::vector<RowRange> ranges_;
};

}  // namespace rtl::delta
