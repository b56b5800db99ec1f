// A store in memory: for tests, and where tables need not outlive the process.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/time.h"
#include "store/object_store.h"

namespace rtl::store {

struct MemoryStoreOptions {
  // True: every write gets an etag never seen before, so that A→B→A can be told. False: the etag is the
  // content's alone, as on S3, where the third version looks like the first.
  bool etag_per_write = true;
  const Clock* clock = nullptr;  // for modified_at; null: the machine's. Must outlive the store
  std::size_t page_size = 1000;  // of listings, at least 1
  // Every version is kept and has an id, a delete leaves a marker, and listings do not tell the ids: as a
  // versioned bucket.
  bool versioned = false;
};

// Threads: any, any number at once. Get of the whole object copies its bytes.
class MemoryStore : public ObjectStore {
 public:
  explicit MemoryStore(MemoryStoreOptions options = {});

  // The same objects, from now on apart. Bytes are shared, so this is cheap.
  std::unique_ptr<MemoryStore> Clone() const;

  Result<Object> Get(std::string_view key, const GetOptions& options = {}) override;
  Result<ObjectInfo> Head(std::string_view key) override;
  Result<> Put(std::string_view key, std::string_view bytes) override;
  Result<PutIfAbsentOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) override;
  Result<std::unique_ptr<ObjectLister>> List(std::string_view prefix,
                                             std::string_view start_after = {}) override;
  Result<> Delete(std::string_view key) override;
  Result<std::unique_ptr<VersionLister>> ListVersions(std::string_view prefix) override;
  void Forget(std::string_view key, std::string_view version_id);  // that version for good
  std::string Uri() const override { return "memory:"; }

 private:
  class Lister;
  class Versions;
  struct Entry {
    std::shared_ptr<const std::string> bytes;
    ObjectVersion version;
    Timestamp modified_at;
  };

  struct Kept {
    Entry entry;
    bool is_delete_marker = false;
  };
  const Entry* Find(std::string_view key, std::string_view version_id) const;
  void Keep(std::string_view key, const Entry& entry, bool is_delete_marker);

  static ObjectInfo Info(std::string_view key, const Entry& entry);
  Entry NewEntry(std::string_view bytes);  // not under the mutex: it hashes and copies
  std::vector<ObjectInfo> Page(std::string_view prefix, std::string_view after) const;

  const MemoryStoreOptions options_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> objects_;          // the latest
  std::map<std::string, std::deque<Kept>, std::less<>> kept_;  // versioned: all, the newest first
  std::atomic<std::uint64_t> writes_ = 0;
};

}  // namespace rtl::store
