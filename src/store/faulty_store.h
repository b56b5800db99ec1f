// A decorator that makes chosen operations of another store fail, to see what a caller does about it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "store/object_store.h"

namespace rtl::store {

enum class Fault {
  kNone,
  kBefore,          // kUnavailable, nothing was done
  kAfter,           // done, but the reply is lost: kCommitUnknown from PutIfAbsent, else kUnavailable
  kUnknownNotDone,  // nothing was done: kCommitUnknown from PutIfAbsent, else kUnavailable
};

struct FaultPlan {
  std::int64_t at = -1;  // the operation that fails, counted from 0; negative: none
  Fault fault = Fault::kNone;
  // Every operation after it fails too, as Fault::kBefore: to the store, the process has died.
  bool then_dead = false;
};

// Operations are Get, Head, Put, PutIfAbsent, List, ListVersions, every Next of their listers, Delete and
// DeleteAll, in the order in which they begin. Threads: any. The inner store must outlive it.
class FaultyStore : public ObjectStore {
 public:
  explicit FaultyStore(ObjectStore& inner, FaultPlan plan = {});

  std::int64_t operations() const;  // begun so far
  void SetPlan(FaultPlan plan);     // the count begins at 0 again

  Result<Object> Get(std::string_view key, const GetOptions& options = {}) override;
  Result<ObjectInfo> Head(std::string_view key) override;
  Result<> Put(std::string_view key, std::string_view bytes) override;
  Result<PutIfAbsentOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) override;
  Result<std::unique_ptr<ObjectLister>> List(std::string_view prefix,
                                             std::string_view start_after = {}) override;
  Result<> Delete(std::string_view key) override;
  Result<std::unique_ptr<VersionLister>> ListVersions(std::string_view prefix) override;
  Result<> DeleteAll(std::span<const std::string> keys) override;
  StoreTraits Traits() const override { return inner_.Traits(); }
  std::string Uri() const override { return inner_.Uri(); }

 private:
  class Lister;
  class Versions;
  struct Turn {
    std::int64_t number;
    Fault fault;
  };
  Turn Begin();
  template <typename T, typename Do>
  Result<T> Run(std::string_view what, std::string_view key, ErrorKind unknown, Do do_it);

  ObjectStore& inner_;
  mutable std::mutex mutex_;
  FaultPlan plan_;
  std::int64_t operations_ = 0;
};

}  // namespace rtl::store
