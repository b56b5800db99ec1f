// The rows of one data file that are no longer in the table (protocol: "Deletion Vectors", "Deletion Vector
// Format"), as a value: a compressed set of row indexes, counted from 0 in the order of the file.
//
// Copies are deep. Not for several threads at once; const members may be called from several.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "delta/row_set.h"

namespace rtl::delta {

// Row indexes given to a member are never negative, and `first + count` does not overflow.
class DeletionVector {
 public:
  DeletionVector();
  ~DeletionVector();
  DeletionVector(const DeletionVector& other);
  DeletionVector(DeletionVector&& other) noexcept;
  DeletionVector& operator=(const DeletionVector& other);
  DeletionVector& operator=(DeletionVector&& other) noexcept;

  void Add(std::int64_t row);
  void AddRange(std::int64_t first, std::int64_t count);
  void AddAll(const std::vector<std::int64_t>& rows);  // cheapest when they ascend
  void MergeWith(const DeletionVector& other);

  bool Contains(std::int64_t row) const;
  std::int64_t Cardinality() const;
  bool empty() const;
  std::optional<std::int64_t> MaxRow() const;  // the greatest row struck out

  // Every row struck out, ascending. A vector that others wrote may strike out any number of rows in few
  // bytes: CheckAgainst() before.
  void ForEach(const std::function<void(std::int64_t row)>& visit) const;

  // For the rows [first, first + count) of a batch. Memory and time grow with `count`, not with the vector.
  std::int64_t CountIn(std::int64_t first, std::int64_t count) const;  // struck out
  std::vector<RowRange> KeptRanges(std::int64_t first,
                                   std::int64_t count) const;  // not struck out, ascending
  // Bit i % 8 of byte i / 8 is set when row first + i is not struck out (Arrow's bitmaps). Spare bits are 0.
  std::vector<std::uint8_t> KeptBitmap(std::int64_t first, std::int64_t count) const;

  // The bytes of the protocol's portable format, magic number first.
  std::string Serialize() const;

  // All of `bytes` must be one vector. kBadData, saying what contradicts the format, whatever the bytes are;
  // memory is in proportion to them.
  static Result<DeletionVector> Parse(std::string_view bytes);

  // kBadData unless so many rows are struck out, all of them among the file's `num_records` where that is
  // known.
  Result<> CheckAgainst(std::int64_t cardinality, std::optional<std::int64_t> num_records) const;

  bool operator==(const DeletionVector& other) const;

 private:
  struct Buckets;
  std::unique_ptr<Buckets> buckets_;  // null only after a move from
};

}  // namespace rtl::delta
