// A Parquet file of a table's rows, of whatever types its columns have: for files that hold many objects'
// rows and for rewriting what others wrote. RowEncoder is the faster way for one object's rows.
#pragma once

#include <cstdint>
#include <memory>

#include "core/error.h"
#include "encode/parquet_encoder.h"
#include "flow/data_file.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace rtl::encode {

class TableFile {
 public:
  // Statistics are given for the first columns and the last `always` ones, as in Delta's own writer; bounds
  // only where ColumnStats knows the type. Columns of no type are left out. So are nested ones where
  // options.stored is complete, since it does not tell how their fields are named: readers find NULL there.
  static Result<std::unique_ptr<TableFile>> Create(const std::shared_ptr<arrow::Schema>& schema,
                                                   std::size_t always, const EncodeOptions& options = {});
  ~TableFile();

  // Columns in the file's order; those the batch lacks become NULL, by name. kBadData where a type differs;
  // kUnsupported for a value in a nested column that was left out.
  Result<> Write(const arrow::RecordBatch& batch);

  std::int64_t rows() const;
  std::int64_t bytes() const;    // encoded so far; what is still buffered is not counted
  Result<EncodedFile> Finish();  // the last call

 private:
  struct Impl;
  explicit TableFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rtl::encode
