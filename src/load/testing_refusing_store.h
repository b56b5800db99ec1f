// A store that refuses to write keys that a test names, and passes everything else on.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "store/object_store.h"

namespace rtl::load {

class RefusingStore final : public store::ObjectStore {
 public:
  using Refuses = std::function<bool(std::string_view key)>;
  RefusingStore(store::ObjectStore& inner, Refuses refuses) : inner_(inner), refuses_(std::move(refuses)) {}

  Result<store::Object> Get(std::string_view key, const store::GetOptions& options) override {
    return inner_.Get(key, options);
  }
  Result<store::ObjectInfo> Head(std::string_view key) override { return inner_.Head(key); }
  Result<> Put(std::string_view key, std::string_view bytes) override {
    if (refuses_(key)) return Fail(Refused(key));
    return inner_.Put(key, bytes);
  }
  Result<store::PutIfAbsentOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) override {
    if (refuses_(key)) return Fail(Refused(key));
    return inner_.PutIfAbsent(key, bytes);
  }
  Result<std::unique_ptr<store::ObjectLister>> List(std::string_view prefix,
                                                    std::string_view start_after) override {
    return inner_.List(prefix, start_after);
  }
  Result<> Delete(std::string_view key) override {
    if (refuses_(key)) return Fail(Refused(key));
    return inner_.Delete(key);
  }
  std::string Uri() const override { return inner_.Uri(); }

 private:
  static Error Refused(std::string_view key) {
    return Error(ErrorKind::kPermissionDenied, "refused: " + std::string(key));
  }

  store::ObjectStore& inner_;
  const Refuses refuses_;
};

}  // namespace rtl::load
