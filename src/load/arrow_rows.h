// Small record batches built by naming columns: for tables of records, not for customers' rows. Internal to
// load/.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "delta/schema.h"

namespace arrow {
class RecordBatch;
}

namespace rtl::load {

// One column: its Delta field, and for row i its value. nullopt is NULL.
struct StringColumn {
  std::string name;
  std::function<std::optional<std::string>(std::size_t)> value;
};
struct LongColumn {
  std::string name;
  std::function<std::optional<std::int64_t>(std::size_t)> value;
};
struct TimestampColumn {
  std::string name;
  std::function<std::optional<Timestamp>(std::size_t)> value;
};
struct BooleanColumn {
  std::string name;
  std::function<std::optional<bool>(std::size_t)> value;
};

class BatchBuilder {
 public:
  explicit BatchBuilder(std::size_t rows);
  ~BatchBuilder();
  BatchBuilder& Add(const StringColumn& column);
  BatchBuilder& Add(const LongColumn& column);
  BatchBuilder& Add(const TimestampColumn& column);
  BatchBuilder& Add(const BooleanColumn& column);
  Result<std::shared_ptr<arrow::RecordBatch>> Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Reads one column of a batch by name; a missing column or another type reads as NULL. Valid while the batch
// is.
class BatchReader {
 public:
  explicit BatchReader(const arrow::RecordBatch& batch) : batch_(batch) {}
  std::int64_t rows() const;
  std::optional<std::string> Text(const char* name, std::int64_t row) const;
  std::optional<std::int64_t> Long(const char* name,
                                   std::int64_t row) const;  // also a timestamp's microseconds
  std::optional<bool> Boolean(const char* name, std::int64_t row) const;

 private:
  const arrow::RecordBatch& batch_;
};

}  // namespace rtl::load
