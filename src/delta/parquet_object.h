// A Parquet object opened for reading, its damage turned into errors.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>
#include <parquet/arrow/reader.h>

#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "delta/object_file.h"

namespace rtl::delta {

// kBadData; kResourceExhausted when memory was short.
Error FromArrow(const arrow::Status& status);

template <typename T>
Result<T> FromArrow(arrow::Result<T>&& result) {
  if (!result.ok()) return Fail(FromArrow(result.status()));
  return std::move(result).ValueUnsafe();
}

class ParquetObject {
 public:
  // Reads the footer. `store` must outlive the object.
  static Result<ParquetObject> Open(store::ObjectStore& store, const store::ObjectInfo& info,
                                    std::int64_t batch_rows);

  parquet::arrow::FileReader& reader() const { return *reader_; }

  // The rows of one row group. `leaves` are Parquet column indices, ascending.
  Result<std::unique_ptr<arrow::RecordBatchReader>> ReadRowGroup(int group,
                                                                 const std::vector<int>& leaves) const;

  // What `read` returns; where the store failed meanwhile, the store's error; kBadData for an exception of
  // the Parquet library. Every error is wrapped with the object's key.
  template <typename Read>
  Result<> Guard(const Read& read) const {
    return WithContext(Caught(read));
  }

 private:
  ParquetObject(std::shared_ptr<ObjectFile> file, std::string key)
      : file_(std::move(file)), key_(std::move(key)) {}

  template <typename Read>
  static Result<> Caught(const Read& read) {
    try {
      return read();
    } catch (const std::bad_alloc&) {
      return Fail(ErrorKind::kResourceExhausted, "out of memory");
    } catch (const std::exception& exception) {
      return Fail(ErrorKind::kBadData, exception.what());
    }
  }

  Result<> WithContext(Result<> result) const;

  std::shared_ptr<ObjectFile> file_;
  std::string key_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
};

}  // namespace rtl::delta
