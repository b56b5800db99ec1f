#include "aws/concurrency_limit.h"

#include <algorithm>

namespace rtl::aws {

ConcurrencyLimit::ConcurrencyLimit(int most) : most_(std::max(most, 1)), limit_(most_) {}

std::uint64_t ConcurrencyLimit::Enter(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!place_free_.wait(lock, stop, [this] { return under_way_ < static_cast<int>(limit_); })) return 0;
  ++under_way_;
  return ++places_given_;
}

void ConcurrencyLimit::Leave(std::uint64_t place, Outcome outcome) {
  {
    const std::lock_guard lock(mutex_);
    if (outcome == Outcome::kThrottled && place > last_lowered_at_) {
      // what was really under way, not what would have been allowed, was too much
      limit_ = std::max(1.0, std::min(limit_, static_cast<double>(under_way_)) / 2);
      last_lowered_at_ = places_given_;
    } else if (outcome == Outcome::kServed) {
      limit_ = std::min(most_, limit_ + 1 / limit_);
    }
    --under_way_;
  }
  place_free_.notify_all();
}

int ConcurrencyLimit::limit() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(limit_);
}

}  // namespace rtl::aws
