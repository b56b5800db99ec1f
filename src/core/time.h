// Wall-clock instants as the tables store them, and the clock as a port, so that tests decide what time it
// is.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace rtl {

// Microseconds since 1970-01-01 UTC: the unit of a Delta timestamp column.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

inline std::int64_t MicrosSinceEpoch(Timestamp t) {
  return t.time_since_epoch().count();
}
inline std::int64_t MillisSinceEpoch(Timestamp t) {
  return std::chrono::floor<std::chrono::milliseconds>(t).time_since_epoch().count();
}
inline Timestamp FromMicros(std::int64_t micros) {
  return Timestamp(std::chrono::microseconds(micros));
}

// "2026-01-31T12:00:00.000000Z".
std::string FormatTimestamp(Timestamp t);

// Threads: any.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() const = 0;
  virtual void Sleep(
      std::chrono::milliseconds duration) const;  // the machine's, unless a test has no time for it
};

// The machine's clock; lives for the whole process.
const Clock& SystemClock();

}  // namespace rtl
