// Statistics of a data file as the Delta log carries them (protocol: "Per-file Statistics"). Private to
// encode/.
#pragma once

#include <arrow/array.h>
#include <arrow/type.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rtl::encode {

// Longer strings, and those that are JSON objects or arrays, are payload: no query skips files by them, and
// their bounds would fatten every commit. A column that holds one has no bounds.
inline constexpr std::size_t kMaxBoundedBytes = 256;
bool IsPayload(std::string_view value);

// Characters kept of a bound, as in Delta's own writer.
inline constexpr std::size_t kBoundCharacters = 32;
// The bound cut to that: `lower` is at most every string that begins with it; an upper bound is rounded up,
// and is false where nothing of that length is larger.
std::string LowerBound(std::string_view min);
bool UpperBound(std::string_view max, std::string& out);

// One column of one file, array by array.
class ColumnStats {
 public:
  void Observe(const arrow::Array& array);

  std::int64_t null_count() const { return null_count_; }
  // JSON texts; empty when there is no such bound.
  std::string MinJson() const;
  std::string MaxJson() const;

 private:
  enum class Bounds { kNone, kString, kInt, kDouble, kTimestamp };

  void ObserveStrings(const arrow::StringArray& array);

  std::int64_t null_count_ = 0;
  bool has_values_ = false;
  bool payload_ = false;
  Bounds bounds_ = Bounds::kNone;
  std::string min_string_, max_string_;
  std::int64_t min_int_ = 0, max_int_ = 0;
  double min_double_ = 0, max_double_ = 0;
};

// Bounds and null counts are given for the first `kIndexedColumns` columns and the last `always`.
inline constexpr std::size_t kIndexedColumns = 32;
// Null counts also for those that `counted` marks (empty: none).
std::string StatsJson(std::int64_t rows, const arrow::Schema& schema, const std::vector<ColumnStats>& columns,
                      std::size_t always, const std::vector<bool>& counted = {});

}  // namespace rtl::encode
