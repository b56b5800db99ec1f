#include "core/time.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <thread>

namespace rtl {

void Clock::Sleep(std::chrono::milliseconds duration) const {
  std::this_thread::sleep_for(duration);
}

std::string FormatTimestamp(Timestamp t) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(t);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), (t - seconds).count());
}

namespace {
class RealClock final : public Clock {
 public:
  Timestamp Now() const override {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
};
}  // namespace

const Clock& SystemClock() {
  static const RealClock clock;
  return clock;
}

}  // namespace rtl
