// Bounds the deletes that follow from hints by the guard that bounds a listing's: a folder that is emptied or
// unmounted shows as many single deletes, and a wrong one must not empty the tables either. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "load/decisions.h"

namespace rtl::load {

class HintedDeletes {
 public:
  explicit HintedDeletes(const Guard& guard) : guard_(guard) {}

  // A listing has been made; it judged the deletes until now.
  void Reset(std::int64_t known_files) {
    const std::lock_guard lock(mutex_);
    count_ = 0;
    refused_ = false;
    known_ = known_files;
  }

  // Whether one more may be committed. When not, `notice` is set the first time.
  bool Allow(std::string& notice) {
    const std::lock_guard lock(mutex_);
    const std::string refusal = MassDeleteRefusal(guard_, count_ + 1, known_);
    if (refusal.empty()) {
      ++count_;
      return true;
    }
    if (!refused_) notice = "many files vanish at once; deletes wait for the next listing: " + refusal;
    refused_ = true;
    return false;
  }

 private:
  const Guard& guard_;
  std::mutex mutex_;
  std::int64_t count_ = 0;
  std::int64_t known_ = 0;
  bool refused_ = false;
};

}  // namespace rtl::load
