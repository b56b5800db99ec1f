#include "cli/run_telemetry.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "core/uuid.h"

namespace rtl::cli {
namespace {

constexpr double kGrowth = 1.1;

std::string HostAndPid() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) name[0] = '\0';
  return fmt::format("{}:{}", name.data(), getpid());
}

}  // namespace

void LatencyHistogram::Add(std::chrono::milliseconds latency) {
  const double millis = std::max<double>(1, static_cast<double>(latency.count()));
  const auto at = static_cast<std::size_t>(std::ceil(std::log(millis) / std::log(kGrowth)));
  ++counts_[std::min(at, kClasses - 1)];
  ++count_;
}

std::optional<std::int64_t> LatencyHistogram::PercentileMs(double share) const {
  if (count_ == 0) return std::nullopt;
  const auto wanted = std::max<std::int64_t>(1, std::llround(std::ceil(share * static_cast<double>(count_))));
  std::int64_t seen = 0;
  for (std::size_t at = 0; at < kClasses; ++at) {
    seen += counts_[at];
    if (seen >= wanted) return std::llround(std::pow(kGrowth, static_cast<double>(at)));
  }
  return std::nullopt;
}

RunTelemetry::RunTelemetry(std::function<aws::RequestCounters::Totals()> requests, const Clock& clock)
    : requests_(std::move(requests)), clock_(clock) {
  fixed_.id = NewUuid();
  fixed_.host = HostAndPid();
  fixed_.started_at = clock_.Now();
}

void RunTelemetry::EventHandled(std::optional<Timestamp> event_time) {
  const std::lock_guard lock(mutex_);
  ++events_;
  if (!event_time) return;
  latency_.Add(std::chrono::duration_cast<std::chrono::milliseconds>(clock_.Now() - *event_time));
}

load::RunInfo RunTelemetry::Now() const {
  load::RunInfo info = fixed_;
  if (requests_) {
    aws::RequestCounters::Totals totals = requests_();
    info.requests = std::move(totals.requests);
    info.retries = totals.retries;
    info.throttled = totals.throttled;
    info.bytes_sent = totals.bytes_sent;
    info.bytes_received = totals.bytes_received;
  }
  const std::lock_guard lock(mutex_);
  info.events = events_;
  info.latency_p50_ms = latency_.PercentileMs(0.5);
  info.latency_p99_ms = latency_.PercentileMs(0.99);
  return info;
}

}  // namespace rtl::cli
