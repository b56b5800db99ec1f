// A clock that a test sets.
#pragma once

#include <atomic>
#include <chrono>

#include "core/time.h"

namespace rtl::delta {

class TestClock final : public Clock {
 public:
  explicit TestClock(Timestamp now = Timestamp(std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}))
      : now_(now) {}
  Timestamp Now() const override { return now_; }
  void Sleep(std::chrono::milliseconds duration) const override { now_ = now_.load() + duration; }
  void Advance(std::chrono::milliseconds duration) { now_ = now_.load() + duration; }

 private:
  mutable std::atomic<Timestamp> now_;
};

}  // namespace rtl::delta
