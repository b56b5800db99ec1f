#include "store/memory_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

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
  clone->kept_ = kept_;
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
  const std::uint64_t number = ++writes_;
  if (options_.etag_per_write) etag += fmt::format("-{}", number);
  std::string version_id = options_.versioned ? fmt::format("v{}", number) : std::string();
  return {.bytes = std::make_shared<const std::string>(bytes),
          .version = {.etag = std::move(etag), .version_id = std::move(version_id)},
          .modified_at = (options_.clock != nullptr ? *options_.clock : SystemClock()).Now()};
}

Result<Object> MemoryStore::Get(std::string_view key, const GetOptions& options) {
  RTL_CHECK(CheckKey(key));
  RTL_CHECK(CheckRange(options.range));
  std::shared_ptr<const std::string> bytes;
  Object object;
  {
    const std::lock_guard lock(mutex_);
    const Entry* found = Find(key, options.pin ? options.pin->version_id : std::string_view());
    if (found == nullptr) return Fail(ErrorKind::kNotFound, "no object " + PrintableKey(key));
    object.info = Info(key, *found);
    bytes = found->bytes;
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
  Keep(key, entry, false);
  objects_.insert_or_assign(std::string(key), std::move(entry));
  return {};
}

Result<PutIfAbsentOutcome> MemoryStore::PutIfAbsent(std::string_view key, std::string_view bytes) {
  RTL_CHECK(CheckKey(key));
  Entry entry = NewEntry(bytes);
  const std::lock_guard lock(mutex_);
  const bool created = objects_.try_emplace(std::string(key), entry).second;
  if (created) Keep(key, entry, false);
  return created ? PutIfAbsentOutcome::kCreated : PutIfAbsentOutcome::kExists;
}

Result<std::unique_ptr<ObjectLister>> MemoryStore::List(std::string_view prefix,
                                                        std::string_view start_after) {
  return std::make_unique<Lister>(*this, prefix, start_after);
}

Result<> MemoryStore::Delete(std::string_view key) {
  RTL_CHECK(CheckKey(key));
  const std::lock_guard lock(mutex_);
  if (const auto found = objects_.find(key); found != objects_.end()) {
    if (options_.versioned) {
      Entry marker = NewEntry({});
      marker.version = {.etag = {}, .version_id = fmt::format("v{}", ++writes_)};
      Keep(key, marker, true);
    }
    objects_.erase(found);
  }
  return {};
}

void MemoryStore::Keep(std::string_view key, const Entry& entry, bool is_delete_marker) {
  if (options_.versioned) kept_[std::string(key)].push_front({entry, is_delete_marker});
}

const MemoryStore::Entry* MemoryStore::Find(std::string_view key, std::string_view version_id) const {
  if (version_id.empty() || !options_.versioned) {
    const auto found = objects_.find(key);
    return found == objects_.end() ? nullptr : &found->second;
  }
  const auto found = kept_.find(key);
  if (found == kept_.end()) return nullptr;
  for (const Kept& kept : found->second) {
    if (!kept.is_delete_marker && kept.entry.version.version_id == version_id) return &kept.entry;
  }
  return nullptr;
}

void MemoryStore::Forget(std::string_view key, std::string_view version_id) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(key);
  if (found == kept_.end()) return;
  std::erase_if(found->second, [&](const Kept& kept) { return kept.entry.version.version_id == version_id; });
  objects_.erase(std::string(key));
  if (!found->second.empty() && !found->second.front().is_delete_marker) {
    objects_.emplace(key, found->second.front().entry);
  }
}

class MemoryStore::Versions : public VersionLister {
 public:
  explicit Versions(std::vector<ListedVersion> all) : all_(std::move(all)) {}
  Result<std::vector<ListedVersion>> Next() override { return std::exchange(all_, {}); }

 private:
  std::vector<ListedVersion> all_;
};

Result<std::unique_ptr<VersionLister>> MemoryStore::ListVersions(std::string_view prefix) {
  if (!options_.versioned) return ObjectStore::ListVersions(prefix);
  std::vector<ListedVersion> all;
  const std::lock_guard lock(mutex_);
  for (auto at = kept_.lower_bound(prefix); at != kept_.end() && at->first.starts_with(prefix); ++at) {
    bool is_latest = true;
    for (const Kept& kept : at->second) {
      all.push_back({Info(at->first, kept.entry), is_latest, kept.is_delete_marker});
      is_latest = false;
    }
  }
  return std::make_unique<Versions>(std::move(all));
}

std::vector<ObjectInfo> MemoryStore::Page(std::string_view prefix, std::string_view after) const {
  std::vector<ObjectInfo> page;
  const std::lock_guard lock(mutex_);
  // No key is empty, so "after nothing" is the beginning.
  auto at = prefix > after ? objects_.lower_bound(prefix) : objects_.upper_bound(after);
  for (; at != objects_.end() && at->first.starts_with(prefix) && page.size() < options_.page_size; ++at) {
    page.push_back(Info(at->first, at->second));
    page.back().version.version_id.clear();
  }
  return page;
}

}  // namespace rtl::store
