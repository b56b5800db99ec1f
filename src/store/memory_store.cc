#include "store/memory_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/hash.h"
#include "store/object_key.h"
#include "store/pinned_range.h"

namespace rtl::store {

class MemoryStore::Lister : public ObjectLister {
 public:
  Lister(const MemoryStore& store, std::string_view prefix, std::string_view start_after)
      : store_(store), prefix_(prefix), after_(start_after) {}

  // Each page looks at the objects as they are then: a listing is no snapshot, as on other stores.
  Result<std::vector<ObjectInfo>> Next() override {
    auto page = store_.Page(prefix_, after_);
    if (!page.empty()) after_ = page.back().key;
    return page;
  }

 private:
  const MemoryStore& store_;
  const std::string prefix_;
  std::string after_;
};

MemoryStore::MemoryStore(MemoryStoreOptions options) : options_(options) {}

std::unique_ptr<MemoryStore> MemoryStore::Clone() const {
  auto clone = std::make_unique<MemoryStore>(options_);
  const std::lock_guard lock(mutex_);
  clone->objects_ = objects_;
  clone->writes_ = writes_.load();
  return clone;
}

ObjectInfo MemoryStore::Info(std::string_view key, const Entry& entry) {
  return {.key = std::string(key),
          .size = static_cast<std::int64_t>(entry.bytes->size()),
          .version = entry.version,
          .modified_at = entry.modified_at};
}

MemoryStore::Entry MemoryStore::NewEntry(std::string_view bytes) {
  std::string etag = ToHex(HashContent(bytes));
  if (options_.etag_per_write) etag += fmt::format("-{}", ++writes_);
  return {.bytes = std::make_shared<const std::string>(bytes),
          .version = {.etag = std::move(etag)},
          .modified_at = (options_.clock != nullptr ? *options_.clock : SystemClock()).Now()};
}

Result<Object> MemoryStore::Get(std::string_view key, const GetOptions& options) {
  RTL_CHECK(CheckKey(key));
  RTL_CHECK(CheckRange(options.range));
  std::shared_ptr<const std::string> bytes;
  Object object;
  {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(key);
    if (found == objects_.end()) return Fail(ErrorKind::kNotFound, "no object " + PrintableKey(key));
    object.info = Info(key, found->second);
    bytes = found->second.bytes;
  }
  if (!MatchesPin(options.pin, object.info.version)) {
    return Fail(ErrorKind::kConflict, PrintableKey(key) + " is at another version than the one asked for");
  }
  const ByteRange range = Clip(options.range, object.info.size);
  object.bytes =
      bytes->substr(static_cast<std::size_t>(range.offset), static_cast<std::size_t>(range.length));
  return object;
}

Result<ObjectInfo> MemoryStore::Head(std::string_view key) {
  RTL_CHECK(CheckKey(key));
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return Fail(ErrorKind::kNotFound, "no object " + PrintableKey(key));
  return Info(key, found->second);
}

Result<> MemoryStore::Put(std::string_view key, std::string_view bytes) {
  RTL_CHECK(CheckKey(key));
  Entry entry = NewEntry(bytes);
  const std::lock_guard lock(mutex_);
  objects_.insert_or_assign(std::string(key), std::move(entry));
  return {};
}

Result<PutIfAbsentOutcome> MemoryStore::PutIfAbsent(std::string_view key, std::string_view bytes) {
  RTL_CHECK(CheckKey(key));
  Entry entry = NewEntry(bytes);
  const std::lock_guard lock(mutex_);
  const bool created = objects_.try_emplace(std::string(key), std::move(entry)).second;
  return created ? PutIfAbsentOutcome::kCreated : PutIfAbsentOutcome::kExists;
}

Result<std::unique_ptr<ObjectLister>> MemoryStore::List(std::string_view prefix,
                                                        std::string_view start_after) {
  return std::make_unique<Lister>(*this, prefix, start_after);
}

Result<> MemoryStore::Delete(std::string_view key) {
  RTL_CHECK(CheckKey(key));
  const std::lock_guard lock(mutex_);
  if (const auto found = objects_.find(key); found != objects_.end()) objects_.erase(found);
  return {};
}

std::vector<ObjectInfo> MemoryStore::Page(std::string_view prefix, std::string_view after) const {
  std::vector<ObjectInfo> page;
  const std::lock_guard lock(mutex_);
  // No key is empty, so "after nothing" is the beginning.
  auto at = prefix > after ? objects_.lower_bound(prefix) : objects_.upper_bound(after);
  for (; at != objects_.end() && at->first.starts_with(prefix) && page.size() < options_.page_size; ++at) {
    page.push_back(Info(at->first, at->second));
  }
  return page;
}

}  // namespace rtl::store
