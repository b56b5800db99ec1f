#include "delta/time_zone.h"

#define USE_OS_TZDB 1
#include <arrow/vendored/datetime.h>
#include <fmt/format.h>

#include <chrono>
#include <exception>

namespace rtl::delta {

namespace date = arrow_vendored::date;

Result<TimeZone> TimeZone::Find(const std::string& name) {
  TimeZone zone;
  if (name == "UTC" || name == "Z") return zone;
  try {
    zone.zone_ = date::locate_zone(name);
  } catch (const std::exception& exception) {
    return Fail(ErrorKind::kBadConfig, fmt::format("there is no time zone {}: {}", name, exception.what()));
  }
  return zone;
}

std::int64_t TimeZone::ToUtc(std::int64_t local) const {
  if (zone_ == nullptr) return local;
  const date::local_time<std::chrono::microseconds> shown{std::chrono::microseconds(local)};
  const auto info = static_cast<const date::time_zone*>(zone_)->get_info(shown);
  return local - std::chrono::microseconds(info.first.offset).count();
}

}  // namespace rtl::delta
