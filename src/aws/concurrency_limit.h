// How many requests may be under way at once: halved when the service throttles, one more for each round
// without throttling (additive increase, multiplicative decrease).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace rtl::aws {

// Threads: any.
class ConcurrencyLimit {
 public:
  explicit ConcurrencyLimit(int most);

  // Waits for a place; 0 when a stop was requested. The number of the place goes to Leave().
  std::uint64_t Enter(const std::stop_token& stop);

  enum class Outcome { kServed, kThrottled, kOther };
  void Leave(std::uint64_t place, Outcome outcome);

  int limit() const;

 private:
  const double most_;
  mutable std::mutex mutex_;
  std::condition_variable_any place_free_;
  double limit_;
  int under_way_ = 0;
  std::uint64_t places_given_ = 0;
  std::uint64_t last_lowered_at_ =
      0;  // places given before the limit was lowered say nothing about the new one
};

}  // namespace rtl::aws
