// The port to a place where objects lie: a customer's source or the tables' root.
//
// Keys are relative to the store's root, '/'-separated, any bytes but NUL; never absolute, without "." or
// ".." segments. All calls block, may be made from any thread at once, and return:
//   kNotFound           no object of that key (Get, Head)
//   kConflict           the object is not at the pinned version (Get)
//   kPermissionDenied, kUnavailable, kResourceExhausted (disk full, too many open files)
//   kCommitUnknown      a conditional put whose outcome the caller must find out by reading back
//   (design: 6.5)
// A Put or PutIfAbsent that returned success is durable and visible to every later call of any process.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "flow/object_version.h"

namespace rtl::store {

struct ObjectInfo {
  std::string key;
  std::int64_t size = 0;  // bytes
  ObjectVersion version;
  Timestamp modified_at;
};

struct ByteRange {
  std::int64_t offset = 0;
  std::int64_t length = 0;  // may reach past the end: the answer is shorter
};

struct GetOptions {
  // Fail with kConflict unless the object has this etag, before and after the read. With a version_id that
  // very version is read, also when it is no longer the latest; kNotFound when it was removed for good.
  // `settled` is not compared; an empty etag is not either.
  std::optional<ObjectVersion> pin;
  std::optional<ByteRange> range;  // whole object when absent
};

struct Object {
  ObjectInfo info;
  std::string bytes;
};

enum class PutIfAbsentOutcome { kCreated, kExists };

// Pages of a listing in ascending byte order of the keys. One thread at a time; must not outlive its store.
class ObjectLister {
 public:
  virtual ~ObjectLister() = default;
  // The next page; empty at the end. An object that vanishes while it is listed may be left out.
  virtual Result<std::vector<ObjectInfo>> Next() = 0;
};

// One version of an object, in a store that keeps them.
struct ListedVersion {
  ObjectInfo info;
  bool is_latest = false;         // what Head() and Get() answer with; a delete marker: that there is none
  bool is_delete_marker = false;  // info has no size and no etag then
};

// Pages of versions: keys ascending, of each key the newest first. As ObjectLister otherwise.
class VersionLister {
 public:
  virtual ~VersionLister() = default;
  virtual Result<std::vector<ListedVersion>> Next() = 0;
};

// How a store wants to be used: advice, not a promise.
struct StoreTraits {
  bool remote = false;                // each request waits for a network: many at once pay
  std::int64_t read_bytes = 8 << 20;  // that one Get of a large object should ask for
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  virtual StoreTraits Traits() const { return {}; }

  virtual Result<Object> Get(std::string_view key, const GetOptions& options = {}) = 0;
  virtual Result<ObjectInfo> Head(std::string_view key) = 0;

  // Creates or replaces. Nobody ever reads a part of it.
  virtual Result<> Put(std::string_view key, std::string_view bytes) = 0;

  // Of several callers exactly one gets kCreated. kExists only when the object certainly was there and this
  // call certainly did not make it; any doubt is kCommitUnknown.
  virtual Result<PutIfAbsentOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) = 0;

  // Infos of a listing lack version_id where only Head and Get tell it (S3).
  // Objects whose key begins with `prefix` (bytes; need not end at a '/') and is greater than `start_after`.
  virtual Result<std::unique_ptr<ObjectLister>> List(std::string_view prefix,
                                                     std::string_view start_after = {}) = 0;

  // An object that is not there is a success.
  virtual Result<> Delete(std::string_view key) = 0;

  // All versions of objects whose key begins with `prefix`. kUnsupported: the store cannot keep any. One that
  // could, and does not, gives the objects that are there, without version_ids.
  virtual Result<std::unique_ptr<VersionLister>> ListVersions(std::string_view prefix);

  // Many at once, in as few requests as the store allows.
  virtual Result<> DeleteAll(std::span<const std::string> keys);

  // For messages: "/data/in", "memory:", "s3://bucket/prefix".
  virtual std::string Uri() const = 0;
};

// All pages of a listing at once, for folders known to be small.
Result<std::vector<ObjectInfo>> ListAll(ObjectStore& store, std::string_view prefix,
                                        std::string_view start_after = {});

}  // namespace rtl::store
