// The time zones of this machine, by name.
#pragma once

#include <cstdint>
#include <string>

#include "core/error.h"

namespace rtl::delta {

class TimeZone {
 public:
  TimeZone() = default;  // UTC

  // "Europe/Berlin", "UTC". kBadConfig when the machine knows none of that name.
  static Result<TimeZone> Find(const std::string& name);

  // The instant at which a clock there shows `local`, both in microseconds since 1970-01-01. Shown twice: the
  // earlier one; never shown: as if the clock had not been put forward yet.
  std::int64_t ToUtc(std::int64_t local) const;

 private:
  const void* zone_ = nullptr;  // lives as long as the process; null: UTC
};

}  // namespace rtl::delta
