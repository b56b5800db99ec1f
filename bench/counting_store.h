// Counts the requests that reach a store. Any number of threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "store/object_store.h"

namespace rtl::bench {

class CountingStore final : public store::ObjectStore {
 public:
  explicit CountingStore(std::unique_ptr<store::ObjectStore> store) : store_(std::move(store)) {}

  store::StoreTraits Traits() const override { return store_->Traits(); }
  Result<store::Object> Get(std::string_view key, const store::GetOptions& options) override {
    ++gets;
    return store_->Get(key, options);
  }
  Result<store::ObjectInfo> Head(std::string_view key) override {
    ++heads;
    return store_->Head(key);
  }
  Result<> Put(std::string_view key, std::string_view bytes) override {
    Count(key, bytes);
    return store_->Put(key, bytes);
  }
  Result<store::PutIfAbsentOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) override {
    Count(key, bytes);
    return store_->PutIfAbsent(key, bytes);
  }
  Result<std::unique_ptr<store::ObjectLister>> List(std::string_view prefix,
                                                    std::string_view start_after) override {
    ++lists;
    return store_->List(prefix, start_after);
  }
  Result<> Delete(std::string_view key) override {
    ++deletes;
    return store_->Delete(key);
  }
  std::string Uri() const override { return store_->Uri(); }

  void Reset() {
    for (auto* count : {&gets, &heads, &puts, &put_bytes, &sidecars, &lists, &deletes}) *count = 0;
  }

  std::atomic<std::int64_t> gets = 0, heads = 0, puts = 0, put_bytes = 0, lists = 0, deletes = 0;
  std::atomic<std::int64_t> sidecars = 0;  // puts of checkpoints' parts

 private:
  void Count(std::string_view key, std::string_view bytes) {
    ++puts;
    put_bytes += static_cast<std::int64_t>(bytes.size());
    if (key.contains("/_sidecars/")) ++sidecars;
  }

  std::unique_ptr<store::ObjectStore> store_;
};

}  // namespace rtl::bench
