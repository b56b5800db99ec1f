// The conformance suite over the stores of this module.
#include "store/conformance_suite.h"

#include <filesystem>

#include "store/faulty_store.h"
#include "store/local_store.h"
#include "store/memory_store.h"

namespace rtl::store {
namespace {

class LocalUnderTest : public StoreUnderTest {
 public:
  explicit LocalUnderTest(const std::filesystem::path& base = std::filesystem::temp_directory_path())
      : folder_(base) {}
  ObjectStore& store() override { return *store_; }

 private:
  const TempFolder folder_;
  const std::unique_ptr<ObjectStore> store_ = OpenLocalStore(folder_.path(), false).value();
};

class MemoryUnderTest : public StoreUnderTest {
 public:
  explicit MemoryUnderTest(bool etag_per_write, bool versioned = false)
      : store_({.etag_per_write = etag_per_write, .versioned = versioned}) {}
  ObjectStore& store() override { return store_; }

 private:
  MemoryStore store_;
};

class FaultlessUnderTest : public StoreUnderTest {
 public:
  ObjectStore& store() override { return store_; }

 private:
  // In memory where there is such a file system: another kind than the one above.
  static std::filesystem::path Base() {
    const std::filesystem::path memory = "/dev/shm";
    return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
  }
  LocalUnderTest local_{Base()};
  FaultyStore store_{local_.store()};
};

INSTANTIATE_TEST_SUITE_P(
    Stores, Conformance,
    ::testing::Values(StoreKind{"Local", [] { return std::make_unique<LocalUnderTest>(); }},
                      StoreKind{"Memory", [] { return std::make_unique<MemoryUnderTest>(true); }},
                      StoreKind{"MemoryWithContentEtags",
                                [] { return std::make_unique<MemoryUnderTest>(false); }},
                      StoreKind{.name = "VersionedMemory",
                                .make = [] { return std::make_unique<MemoryUnderTest>(false, true); },
                                .keeps_versions = true},
                      StoreKind{"FaultlessOverLocal", [] { return std::make_unique<FaultlessUnderTest>(); }}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace rtl::store
