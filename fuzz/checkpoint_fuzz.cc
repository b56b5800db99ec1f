// Bytes of others as the only checkpoint of a table.
#include <string>

#include "delta/table.h"
#include "fuzz_target.h"
#include "store/memory_store.h"

namespace {

using namespace rtl;

class Counter : public delta::ReplaySink {
 public:
  Wants wants() const override { return {.stats = true, .tags = true, .tombstones = true}; }
  void Restart() override { files = 0; }
  Result<> OnAdd(delta::Add&& add) override {
    ++files;
    RTL_MUST_HOLD(!add.path.empty());
    return {};
  }
  std::size_t files = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  store::MemoryStore store;
  RTL_MUST_HOLD(
      store.Put("_delta_log/00000000000000000000.checkpoint.parquet", fuzz::Input(data, size).Rest())
          .has_value());
  Counter sink;
  const auto state = delta::Table(store, "").Scan(std::nullopt, sink, true);
  if (state) RTL_MUST_HOLD(state->files.size() == sink.files);
  return 0;
}
