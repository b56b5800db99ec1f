// Stores for tests: what the conformance suite runs over, and a folder that is gone afterwards.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "core/uuid.h"
#include "store/object_store.h"

namespace rtl::store {

class TempFolder {
 public:
  explicit TempFolder(const std::filesystem::path& base = std::filesystem::temp_directory_path())
      : path_(base / ("rtl-test-" + NewUuid())) {
    std::filesystem::create_directories(path_);
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(std::string_view name) const { return (path_ / name).native(); }

 private:
  const std::filesystem::path path_;
};

// A fresh, empty store and what it needs to live.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual ObjectStore& store() = 0;
};

struct StoreKind {
  std::string name;
  std::function<std::unique_ptr<StoreUnderTest>()> make;
  bool any_bytes_in_keys = true;  // false: keys must be valid UTF-8
  bool any_segments = false;      // true: keys may hold "..", "//" and begin with '/', as S3's may
  bool keeps_versions = false;    // a pinned version is read also when it is no longer the latest
  bool lists_ahead = false;       // a page may be older than the call that gives it
  bool is_folders_below = false;  // "a" cannot stand beside "a/b", and says so in its own way
  // Whether what it needs is installed; empty: nothing is.
  std::function<bool()> available;
};
inline void PrintTo(const StoreKind& kind, std::ostream* out) {
  *out << kind.name;
}

}  // namespace rtl::store
