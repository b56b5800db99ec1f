#include "delta/object_file.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace rtl::delta {
namespace {

constexpr std::int64_t kFetchedWhole = 256 << 10;

}  // namespace

ObjectFile::ObjectFile(store::ObjectStore& store, store::ObjectInfo info)
    : store_(store), info_(std::move(info)) {}

std::optional<Error> ObjectFile::store_error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ObjectFile::Fetch(std::int64_t position, std::int64_t length) {
  store::GetOptions options;
  if (!info_.version.etag.empty()) options.pin = info_.version;
  options.range = {.offset = position, .length = length};
  auto object = store_.Get(info_.key, options);
  if (!object) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = object.error();
    return arrow::Status::IOError(object.error().message());
  }
  return arrow::Buffer::FromString(std::move(object->bytes));
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ObjectFile::Whole() {
  {
    const std::lock_guard lock(mutex_);
    if (whole_) return whole_;
  }
  ARROW_ASSIGN_OR_RAISE(auto whole, Fetch(0, info_.size));
  const std::lock_guard lock(mutex_);
  whole_ = whole;
  return whole;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ObjectFile::ReadAt(std::int64_t position, std::int64_t length) {
  if (position < 0 || length < 0 || position > info_.size) {
    return arrow::Status::IOError("a read outside the file: ", length, " bytes at ", position);
  }
  length = std::min(length, info_.size - position);
  if (length == 0) return std::make_shared<arrow::Buffer>(nullptr, 0);
  if (info_.size > kFetchedWhole) return Fetch(position, length);
  ARROW_ASSIGN_OR_RAISE(const auto whole, Whole());
  return arrow::SliceBufferSafe(whole, std::min(position, whole->size()),
                                std::clamp<std::int64_t>(whole->size() - position, 0, length));
}

arrow::Result<std::int64_t> ObjectFile::ReadAt(std::int64_t position, std::int64_t length, void* out) {
  ARROW_ASSIGN_OR_RAISE(const auto buffer, ReadAt(position, length));
  if (buffer->size() > 0) std::memcpy(out, buffer->data(), static_cast<std::size_t>(buffer->size()));
  return buffer->size();
}

arrow::Result<std::int64_t> ObjectFile::Read(std::int64_t length, void* out) {
  ARROW_ASSIGN_OR_RAISE(const std::int64_t read, ReadAt(position_, length, out));
  position_ += read;
  return read;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ObjectFile::Read(std::int64_t length) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, length));
  position_ += buffer->size();
  return buffer;
}

arrow::Status ObjectFile::Seek(std::int64_t position) {
  if (position < 0) return arrow::Status::Invalid("a negative position");
  position_ = position;
  return arrow::Status::OK();
}

arrow::Status ObjectFile::Close() {
  closed_ = true;
  return arrow::Status::OK();
}

}  // namespace rtl::delta
