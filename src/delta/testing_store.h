// An object store in memory for this folder's tests, with faults on conditional puts.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/object_store.h"

namespace rtl::delta {

class TestingStore : public store::ObjectStore {
 public:
  enum class PutFault { kNone, kUnknownButWritten, kUnknownNotWritten, kUnavailable };

  Result<store::Object> Get(std::string_view key, const store::GetOptions& options) override {
    const std::lock_guard lock(mutex_);
    ++gets;
    const auto found = objects_.find(key);
    if (found == objects_.end()) return Fail(ErrorKind::kNotFound, std::string(key));
    if (options.pin && options.pin->etag != found->second.info.version.etag) {
      return Fail(ErrorKind::kConflict, std::string(key));
    }
    store::Object object = found->second;
    if (options.range) {
      const auto begin = std::min<std::size_t>(options.range->offset, object.bytes.size());
      object.bytes = object.bytes.substr(begin, options.range->length);
    }
    return object;
  }

  Result<store::ObjectInfo> Head(std::string_view key) override {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(key);
    if (found == objects_.end()) return Fail(ErrorKind::kNotFound, std::string(key));
    return found->second.info;
  }

  Result<> Put(std::string_view key, std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    Store(key, bytes);
    return {};
  }

  Result<store::PutIfAbsentOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    const PutFault fault = std::exchange(next_put_fault, PutFault::kNone);
    if (fault == PutFault::kUnavailable) return Fail(ErrorKind::kUnavailable, "down");
    if (fault == PutFault::kUnknownNotWritten) return Fail(ErrorKind::kCommitUnknown, "lost");
    const bool exists = objects_.contains(key);
    if (!exists || !honours_put_if_absent) Store(key, bytes);
    if (fault == PutFault::kUnknownButWritten) return Fail(ErrorKind::kCommitUnknown, "lost");
    if (!honours_put_if_absent) return store::PutIfAbsentOutcome::kCreated;
    return exists ? store::PutIfAbsentOutcome::kExists : store::PutIfAbsentOutcome::kCreated;
  }

  Result<std::unique_ptr<store::ObjectLister>> List(std::string_view prefix,
                                                    std::string_view start_after) override {
    const std::lock_guard lock(mutex_);
    std::vector<store::ObjectInfo> infos;
    for (auto at = objects_.lower_bound(prefix); at != objects_.end(); ++at) {
      if (!at->first.starts_with(prefix)) break;
      if (at->first > start_after) infos.push_back(at->second.info);
    }
    listed += infos.size();
    return std::make_unique<Lister>(std::move(infos));
  }

  Result<> Delete(std::string_view key) override {
    const std::lock_guard lock(mutex_);
    if (const auto found = objects_.find(key); found != objects_.end()) objects_.erase(found);
    return {};
  }

  std::string Uri() const override { return "testing:"; }

  // Takes over a folder of the file system, and puts one there.
  void ReadFolder(const std::filesystem::path& folder) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      Store(entry.path().lexically_relative(folder).string(), bytes);
    }
  }
  void WriteFolder(const std::filesystem::path& folder) const {
    for (const auto& [key, object] : objects_) {
      std::filesystem::create_directories((folder / key).parent_path());
      std::ofstream(folder / key, std::ios::binary) << object.bytes;
    }
  }

  void Clear() { objects_.clear(); }
  std::size_t size() const { return objects_.size(); }

  PutFault next_put_fault = PutFault::kNone;
  bool honours_put_if_absent = true;
  std::optional<Timestamp> modified_at;  // of what is put from now on
  std::size_t gets = 0;
  std::size_t listed = 0;  // objects

 private:
  class Lister : public store::ObjectLister {
   public:
    explicit Lister(std::vector<store::ObjectInfo> infos) : infos_(std::move(infos)) {}
    Result<std::vector<store::ObjectInfo>> Next() override { return std::exchange(infos_, {}); }

   private:
    std::vector<store::ObjectInfo> infos_;
  };

  void Store(std::string_view key, std::string_view bytes) {
    store::Object object;
    object.info.key = key;
    object.info.size = static_cast<std::int64_t>(bytes.size());
    object.info.version.etag = std::to_string(++puts_);
    object.info.modified_at = modified_at.value_or(FromMicros(static_cast<std::int64_t>(puts_)));
    object.bytes = bytes;
    objects_.insert_or_assign(std::string(key), std::move(object));
  }

  std::mutex mutex_;
  std::map<std::string, store::Object, std::less<>> objects_;
  std::size_t puts_ = 0;
};

class FixedClock : public Clock {
 public:
  explicit FixedClock(std::int64_t now_ms) : now_(FromMicros(now_ms * 1000)) {}
  Timestamp Now() const override { return now_; }

 private:
  Timestamp now_;
};

}  // namespace rtl::delta
