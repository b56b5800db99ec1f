// Bytes that files being loaded may hold together. Thread-safe.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace rtl::load {

class MemoryBudget {
 public:
  explicit MemoryBudget(std::int64_t bytes) : free_(bytes), total_(bytes) {}

  // Holds a share until it is destroyed.
  class Share {
   public:
    Share(MemoryBudget& budget, std::int64_t bytes) : budget_(budget), bytes_(bytes) {}
    ~Share() { budget_.Return(bytes_); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

   private:
    MemoryBudget& budget_;
    std::int64_t bytes_;
  };

  // Waits until the share is free. More than the whole budget counts as the whole: such a file is loaded
  // alone.
  Share Take(std::int64_t bytes) {
    const std::int64_t share = std::min(bytes, total_);
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return free_ >= share; });
    free_ -= share;
    return Share(*this, share);
  }

 private:
  void Return(std::int64_t bytes) {
    {
      const std::lock_guard lock(mutex_);
      free_ += bytes;
    }
    freed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable freed_;
  std::int64_t free_;
  std::int64_t total_;
};

}  // namespace rtl::load
