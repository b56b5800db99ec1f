#include "delta/trimmed_log.h"

#include <algorithm>
#include <string>
#include <utility>

#include "delta/log_names.h"

namespace rtl::delta {
namespace {

// Another store, of whose log files of older versions nothing is seen. For reading alone.
class TrimmedStore final : public store::ObjectStore {
 public:
  TrimmedStore(store::ObjectStore& inner, std::string log, Version first)
      : inner_(inner), log_(std::move(log)), first_(first) {}

  store::StoreTraits Traits() const override { return inner_.Traits(); }
  std::string Uri() const override { return inner_.Uri(); }

  Result<store::Object> Get(std::string_view key, const store::GetOptions& options) override {
    if (IsHidden(key)) return Fail(Absent(key));
    return inner_.Get(key, options);
  }
  Result<store::ObjectInfo> Head(std::string_view key) override {
    if (IsHidden(key)) return Fail(Absent(key));
    return inner_.Head(key);
  }
  Result<std::unique_ptr<store::ObjectLister>> List(std::string_view prefix,
                                                    std::string_view start_after) override {
    if (prefix != log_) return inner_.List(prefix, start_after);
    return inner_.List(prefix, std::max(log_ + VersionPrefix(first_), std::string(start_after)));
  }

  Result<> Put(std::string_view key, std::string_view /*bytes*/) override { return Fail(ReadOnly(key)); }
  Result<store::PutIfAbsentOutcome> PutIfAbsent(std::string_view key, std::string_view /*bytes*/) override {
    return Fail(ReadOnly(key));
  }
  Result<> Delete(std::string_view key) override { return Fail(ReadOnly(key)); }

 private:
  bool IsHidden(std::string_view key) const {
    if (!key.starts_with(log_)) return false;
    const auto version = VersionOf(key.substr(log_.size()));
    return version && *version < first_;
  }
  static Error Absent(std::string_view key) { return Error(ErrorKind::kNotFound, std::string(key)); }
  static Error ReadOnly(std::string_view key) {
    return Error(ErrorKind::kInternal, "a write through a view that is for reading: " + std::string(key));
  }

  store::ObjectStore& inner_;
  const std::string log_;
  const Version first_;
};

// Asks for all there is, so that all of it is read.
class Everything final : public ReplaySink {
 public:
  Wants wants() const override { return {.stats = true, .tags = true, .tombstones = true}; }
  void Restart() override {}
  Result<> OnAdd(Add&& /*add*/) override { return {}; }
};

}  // namespace

Result<> IsReadableFrom(const Table& table, Version version) {
  TrimmedStore store(table.store(), table.DataKey("_delta_log/"), version);
  const Table trimmed(store, table.path(), table.clock());
  Everything everything;
  RTL_TRY(const TableState state, trimmed.Scan(version, everything));
  return {};
}

}  // namespace rtl::delta
