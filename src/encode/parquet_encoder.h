// Rows -> Parquet files with Delta statistics.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "flow/data_file.h"
#include "flow/decoded_slice.h"

namespace arrow {
class RecordBatch;
}

namespace rtl::encode {

// The columns that the loader adds to each row.
struct RowOrigin {
  std::string source_file;
  std::string source_version;
  std::int64_t file_version = 0;
  Timestamp ingest_time;
};

// Where columns stand in a file under other names than the rows have (protocol: "Column Mapping").
struct StoredColumns {
  struct Column {
    std::string name;            // of the rows' column
    std::string stored_as;       // in the file and in its statistics
    std::int32_t field_id = -1;  // of Parquet; -1: none
    bool counted = false;        // the statistics count its nulls, however many columns there are

    bool operator==(const Column&) const = default;
  };
  std::vector<Column> columns;  // others are stored as they are named
  // Others have no name yet: a file with such a column is no use to the table, but may still be encoded.
  bool complete = false;
};

struct EncodeOptions {
  std::int64_t window_bytes =
      128 << 20;  // of uncompressed column data; then the file is ended and a new one begun
  int zstd_level = 1;
  std::shared_ptr<const StoredColumns> stored = nullptr;  // null: every column as it is named
};

// Adds the loader's columns to batches of one object's rows. One thread at a time.
class OriginColumns {
 public:
  explicit OriginColumns(RowOrigin origin);
  ~OriginColumns();
  Result<std::shared_ptr<arrow::RecordBatch>> AddTo(const arrow::RecordBatch& batch);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One object's rows, slice by slice, into as few Parquet files as the bounds allow: a new file begins after a
// window, or when a slice brings a column that the open file lacks. Memory: the open file's encoded bytes and
// one slice. One thread at a time. Columns: the data columns as they come, then source_file, source_version,
// file_version, ingest_time.
class RowEncoder {
 public:
  using Sink = std::function<Result<>(EncodedFile)>;  // called for each finished file, in order

  RowEncoder(RowOrigin origin, Sink sink, EncodeOptions options = {});
  ~RowEncoder();

  Result<> Append(const DecodedSlice& slice);  // slices without rows are fine
  Result<> Finish();                           // ends the last file; no rows at all makes no file

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Rejected lines as a Parquet file of the quarantine table's columns (design section 5). Line numbers must be
// the file's own by now. Same windows, same threads as above.
class RejectEncoder {
 public:
  RejectEncoder(RowOrigin origin, RowEncoder::Sink sink, EncodeOptions options = {});
  ~RejectEncoder();

  Result<> Append(const std::vector<RejectedLine>& rejects);
  Result<> Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One batch as one Parquet file, in the same dress, for tables of records (file_log, file_records).
Result<EncodedFile> EncodeBatch(const arrow::RecordBatch& batch, const EncodeOptions& options = {});

}  // namespace rtl::encode
