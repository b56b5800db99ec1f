// What a file's statistics say of one column (protocol: "Per-file Statistics").
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "delta/predicate.h"

namespace rtl::delta {

struct ColumnBounds {
  // Every value that is not null lies between these, both included. Absent: not known.
  std::optional<Literal> lowest;
  std::optional<Literal> highest;
  // A string's `highest` may be the beginning of a greater one: writers cut long ones off.
  bool may_have_nulls = true;
  bool may_have_values = true;
};

// One file's. Not for several threads at once.
class FileStatistics {
 public:
  explicit FileStatistics(std::string_view json);
  ~FileStatistics();

  // What is damaged counts as not known.
  ColumnBounds BoundsOf(const PredicateColumn& column);

 private:
  struct Parsed;
  std::unique_ptr<Parsed> parsed_;  // null when there are none
};

}  // namespace rtl::delta
