// Bounds the deletes that follow from hints by the guard that bounds a listing's: a folder that is emptied or
// unmounted shows as many single deletes, and a wrong one must not empty the tables either. Thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>

#include "load/decisions.h"

namespace rtl::load {

class HintedDeletes {
 public:
  explicit HintedDeletes(const Guard& guard) : guard_(guard) {}

  // A listing has been made; it judged the deletes until now.
  void Reset() {
    const std::lock_guard lock(mutex_);
    gone_.clear();
    refused_ = false;
  }

  // Whether this file's delete may be committed; `live` counts the files that the ledger knows now. When not,
  // `notice` is set the first time.
  template <typename Live>
  bool Allow(const std::string& source_file, const Live& live, std::string& notice) {
    const std::lock_guard lock(mutex_);
    gone_.insert(source_file);
    const auto gone = static_cast<std::int64_t>(gone_.size());
    if (gone < guard_.max_deleted_min) return true;
    const std::string refusal = MassDeleteRefusal(guard_, gone, std::max<std::int64_t>(live(), gone));
    if (refusal.empty()) return true;
    gone_.erase(source_file);
    if (!refused_) notice = "many files vanish at once; deletes wait for the next listing: " + refusal;
    refused_ = true;
    return false;
  }

 private:
  const Guard& guard_;
  std::mutex mutex_;
  std::set<std::string> gone_;  // since the last listing
  bool refused_ = false;
};

}  // namespace rtl::load
