// One Parquet file written into memory, batch by batch, as every reader of the tables reads it: optional flat
// columns, data pages v1, zstd, page index. Private to encode/.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "encode/delta_stats.h"
#include "encode/parquet_encoder.h"

namespace rtl::encode {

// Uncompressed size of a batch's columns.
std::int64_t DataBytes(const arrow::RecordBatch& batch);

// What a column is in the file; null: as it is named.
StoredColumns::Column StoredAs(const std::string& name, const StoredColumns* stored);

class ParquetFile {
 public:
  // The columns are those of `first`, whose values also decide how each column is written; it is not yet
  // written itself. `only`: no other batch will follow, so what never pays in little columns can be left out.
  // `always`: see StatsJson.
  static Result<std::unique_ptr<ParquetFile>> Create(const arrow::RecordBatch& first, bool only,
                                                     std::size_t always, const EncodeOptions& options);
  ~ParquetFile();

  // True when every column of the batch is one of the file's, by name and type.
  bool Holds(const arrow::Schema& schema) const;

  // Columns the batch lacks become NULL. Holds() must be true.
  Result<> Write(const arrow::RecordBatch& batch);

  std::int64_t data_bytes() const { return data_bytes_; }  // uncompressed, written so far

  Result<EncodedFile> Finish();  // the last call

 private:
  struct Writer;
  ParquetFile();

  std::unique_ptr<Writer> writer_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::Schema> stored_schema_;  // the same columns as the file names them
  std::vector<ColumnStats> stats_;
  std::vector<bool> counted_;  // empty: none
  std::vector<std::int16_t> definition_levels_;
  std::size_t always_ = 0;
  std::int64_t rows_ = 0;
  std::int64_t group_rows_ = 0;
  std::int64_t data_bytes_ = 0;
};

}  // namespace rtl::encode
