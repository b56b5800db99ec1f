// What a process counts of its own run: requests, events, and how long an event took to become visible.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include "aws/caller.h"
#include "core/time.h"
#include "load/run_info.h"

namespace rtl::cli {

// Durations by size class, each a tenth larger than the one before: a percentile is right to 10 %.
class LatencyHistogram {
 public:
  void Add(std::chrono::milliseconds latency);
  std::int64_t count() const { return count_; }
  // `share` from 0 to 1; nullopt while empty. The upper end of the class.
  std::optional<std::int64_t> PercentileMs(double share) const;

 private:
  static constexpr std::size_t kClasses = 200;  // up to 190 million ms
  std::array<std::int64_t, kClasses> counts_{};
  std::int64_t count_ = 0;
};

// Threads: any.
class RunTelemetry {
 public:
  // `requests` may be empty: no remote store.
  explicit RunTelemetry(std::function<aws::RequestCounters::Totals()> requests,
                        const Clock& clock = SystemClock());

  void EventHandled(std::optional<Timestamp> event_time);
  load::RunInfo Now() const;

 private:
  const std::function<aws::RequestCounters::Totals()> requests_;
  const Clock& clock_;
  load::RunInfo fixed_;  // what does not change
  mutable std::mutex mutex_;
  std::int64_t events_ = 0;
  LatencyHistogram latency_;
};

}  // namespace rtl::cli
