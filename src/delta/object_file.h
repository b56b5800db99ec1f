// An object as Arrow reads files: ranged gets, all of one version of the object.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <memory>
#include <optional>
#include <vector>

#include "core/error.h"
#include "store/object_store.h"

namespace rtl::delta {

// Objects up to 256 KiB are fetched whole by the first read. Threads: ReadAt may be called from several
// (Arrow reads ahead on its own).
class ObjectFile : public arrow::io::RandomAccessFile {
 public:
  // `store` must outlive the file. Gets are pinned to `info.version` unless its etag is empty; without one
  // the object must be immutable.
  ObjectFile(store::ObjectStore& store, store::ObjectInfo info);

  // The first error the store gave: an arrow::Status does not keep its kind.
  const std::optional<Error>& store_error() const { return store_error_; }

  // Fetches these parts with as few requests as make sense and keeps them in place of those kept before, for
  // the reads to come. Parts outside the object are left out.
  arrow::Status Prefetch(std::vector<store::ByteRange> parts);

  arrow::Result<std::int64_t> GetSize() override { return info_.size; }
  arrow::Result<std::int64_t> ReadAt(std::int64_t position, std::int64_t length, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(std::int64_t position, std::int64_t length) override;

  arrow::Result<std::int64_t> Read(std::int64_t length, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t length) override;
  arrow::Status Seek(std::int64_t position) override;
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  arrow::Status Close() override;
  bool closed() const override { return closed_; }

 private:
  arrow::Result<std::shared_ptr<arrow::Buffer>> Fetch(std::int64_t position, std::int64_t length);

  struct Kept {
    std::int64_t begin = 0;
    std::shared_ptr<arrow::Buffer> bytes;
  };

  store::ObjectStore& store_;
  const store::ObjectInfo info_;
  std::vector<Kept> kept_;
  std::optional<Error> store_error_;
  std::int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace rtl::delta
