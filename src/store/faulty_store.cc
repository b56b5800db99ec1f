#include "store/faulty_store.h"

#include <fmt/format.h>

#include <utility>

#include "store/object_key.h"

namespace rtl::store {

class FaultyStore::Lister : public ObjectLister {
 public:
  Lister(FaultyStore& store, std::unique_ptr<ObjectLister> inner, std::string_view prefix)
      : store_(store), inner_(std::move(inner)), prefix_(prefix) {}

  Result<std::vector<ObjectInfo>> Next() override {
    return store_.Run<std::vector<ObjectInfo>>("next page of", prefix_, ErrorKind::kUnavailable,
                                               [&] { return inner_->Next(); });
  }

 private:
  FaultyStore& store_;
  const std::unique_ptr<ObjectLister> inner_;
  const std::string prefix_;
};

class FaultyStore::Versions : public VersionLister {
 public:
  Versions(FaultyStore& store, std::unique_ptr<VersionLister> inner, std::string_view prefix)
      : store_(store), inner_(std::move(inner)), prefix_(prefix) {}

  Result<std::vector<ListedVersion>> Next() override {
    return store_.Run<std::vector<ListedVersion>>("next versions of", prefix_, ErrorKind::kUnavailable,
                                                  [&] { return inner_->Next(); });
  }

 private:
  FaultyStore& store_;
  const std::unique_ptr<VersionLister> inner_;
  const std::string prefix_;
};

FaultyStore::FaultyStore(ObjectStore& inner, FaultPlan plan) : inner_(inner), plan_(plan) {}

std::int64_t FaultyStore::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

void FaultyStore::SetPlan(FaultPlan plan) {
  const std::lock_guard lock(mutex_);
  plan_ = plan;
  operations_ = 0;
}

FaultyStore::Turn FaultyStore::Begin() {
  const std::lock_guard lock(mutex_);
  Turn turn{.number = operations_++, .fault = Fault::kNone};
  if (plan_.at < 0) return turn;
  if (turn.number == plan_.at) turn.fault = plan_.fault;
  if (turn.number > plan_.at && plan_.then_dead) turn.fault = Fault::kBefore;
  return turn;
}

template <typename T, typename Do>
Result<T> FaultyStore::Run(std::string_view what, std::string_view key, ErrorKind unknown, Do do_it) {
  const Turn turn = Begin();
  const auto fail = [&](ErrorKind kind, std::string_view how) {
    return Fail(kind, fmt::format("injected fault: operation {} ({} {}) {}", turn.number, what,
                                  PrintableKey(key), how));
  };
  switch (turn.fault) {
    case Fault::kNone:
      return do_it();
    case Fault::kBefore:
      return fail(ErrorKind::kUnavailable, "was not done");
    case Fault::kAfter: {
      // An operation that failed by itself reports that: its effect, if any, is the inner store's affair.
      Result<T> done = do_it();
      if (!done) return done;
      return fail(unknown, "lost its reply");
    }
    case Fault::kUnknownNotDone:
      return fail(unknown, "is of unknown outcome");
  }
  return do_it();
}

Result<Object> FaultyStore::Get(std::string_view key, const GetOptions& options) {
  return Run<Object>("get", key, ErrorKind::kUnavailable, [&] { return inner_.Get(key, options); });
}

Result<ObjectInfo> FaultyStore::Head(std::string_view key) {
  return Run<ObjectInfo>("head", key, ErrorKind::kUnavailable, [&] { return inner_.Head(key); });
}

Result<> FaultyStore::Put(std::string_view key, std::string_view bytes) {
  return Run<void>("put", key, ErrorKind::kUnavailable, [&] { return inner_.Put(key, bytes); });
}

Result<PutIfAbsentOutcome> FaultyStore::PutIfAbsent(std::string_view key, std::string_view bytes) {
  return Run<PutIfAbsentOutcome>("put if absent", key, ErrorKind::kCommitUnknown,
                                 [&] { return inner_.PutIfAbsent(key, bytes); });
}

Result<std::unique_ptr<ObjectLister>> FaultyStore::List(std::string_view prefix,
                                                        std::string_view start_after) {
  return Run<std::unique_ptr<ObjectLister>>(
      "list", prefix, ErrorKind::kUnavailable, [&]() -> Result<std::unique_ptr<ObjectLister>> {
        RTL_TRY(auto inner, inner_.List(prefix, start_after));
        return std::make_unique<Lister>(*this, std::move(inner), prefix);
      });
}

Result<std::unique_ptr<VersionLister>> FaultyStore::ListVersions(std::string_view prefix) {
  return Run<std::unique_ptr<VersionLister>>(
      "list versions", prefix, ErrorKind::kUnavailable, [&]() -> Result<std::unique_ptr<VersionLister>> {
        RTL_TRY(auto inner, inner_.ListVersions(prefix));
        return std::make_unique<Versions>(*this, std::move(inner), prefix);
      });
}

Result<> FaultyStore::DeleteAll(std::span<const std::string> keys) {
  return Run<void>("delete", keys.empty() ? std::string_view() : keys.front(), ErrorKind::kUnavailable,
                   [&] { return inner_.DeleteAll(keys); });
}

Result<> FaultyStore::Delete(std::string_view key) {
  return Run<void>("delete", key, ErrorKind::kUnavailable, [&] { return inner_.Delete(key); });
}

}  // namespace rtl::store
