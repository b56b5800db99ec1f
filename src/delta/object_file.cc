#include "delta/object_file.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace rtl::delta {
namespace {

constexpr std::int64_t kFetchedWhole = 256 << 10;
// A gap up to this size costs less to read than another request.
constexpr std::int64_t kReadThrough = 256 << 10;

// Ascending, with those that lie close together made one.
std::vector<store::ByteRange> Coalesce(std::vector<store::ByteRange> parts) {
  std::ranges::sort(parts, {}, &store::ByteRange::offset);
  std::vector<store::ByteRange> merged;
  for (const store::ByteRange& part : parts) {
    if (merged.empty() || part.offset > merged.back().offset + merged.back().length + kReadThrough) {
      merged.push_back(part);
    } else {
      store::ByteRange& last = merged.back();
      last.length = std::max(last.offset + last.length, part.offset + part.length) - last.offset;
    }
  }
  return merged;
}

}  // namespace

ObjectFile::ObjectFile(store::ObjectStore& store, store::ObjectInfo info)
    : store_(store), info_(std::move(info)) {}

arrow::Result<std::shared_ptr<arrow::Buffer>> ObjectFile::Fetch(std::int64_t position, std::int64_t length) {
  store::GetOptions options;
  if (!info_.version.etag.empty()) options.pin = info_.version;
  options.range = {.offset = position, .length = length};
  auto object = store_.Get(info_.key, options);
  if (!object) {
    if (!store_error_) store_error_ = object.error();
    return arrow::Status::IOError(object.error().message());
  }
  return arrow::Buffer::FromString(std::move(object->bytes));
}

arrow::Status ObjectFile::Prefetch(std::vector<store::ByteRange> parts) {
  if (info_.size <= kFetchedWhole) return arrow::Status::OK();
  kept_.clear();
  std::erase_if(parts, [&](const store::ByteRange& part) {
    return part.offset < 0 || part.length <= 0 || part.offset > info_.size ||
           part.length > info_.size - part.offset;
  });
  for (const auto& [offset, length] : Coalesce(std::move(parts))) {
    ARROW_ASSIGN_OR_RAISE(auto bytes, Fetch(offset, length));
    kept_.push_back({offset, std::move(bytes)});
  }
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ObjectFile::ReadAt(std::int64_t position, std::int64_t length) {
  if (position < 0 || length < 0 || position > info_.size) {
    return arrow::Status::IOError("a read outside the file: ", length, " bytes at ", position);
  }
  length = std::min(length, info_.size - position);
  if (kept_.empty() && info_.size <= kFetchedWhole) {
    ARROW_ASSIGN_OR_RAISE(auto whole, Fetch(0, info_.size));
    kept_.push_back({0, std::move(whole)});
  }
  for (const auto& [begin, bytes] : kept_) {
    if (position >= begin && position + length <= begin + bytes->size()) {
      return arrow::SliceBuffer(bytes, position - begin, length);
    }
  }
  return Fetch(position, length);
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
