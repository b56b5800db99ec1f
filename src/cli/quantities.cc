#include "cli/quantities.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

namespace rtl::cli {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array kSizes = {
    Unit{"TiB", 1LL << 40}, Unit{"TB", 1'000'000'000'000},
    Unit{"GiB", 1LL << 30}, Unit{"GB", 1'000'000'000},
    Unit{"MiB", 1LL << 20}, Unit{"MB", 1'000'000},
    Unit{"KiB", 1LL << 10}, Unit{"kB", 1'000},
    Unit{"KB", 1'000},      Unit{"B", 1},
};
constexpr std::array kDurations = {
    Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000}, Unit{"ms", 1},
};

// The number and its unit; the number must be whole, so that what is meant is never rounded.
Result<std::int64_t> Parse(std::string_view text, std::span<const Unit> units, std::string_view example) {
  const auto malformed = [&] {
    return Fail(ErrorKind::kBadConfig, fmt::format("\"{}\" is not {}", text, example));
  };
  std::int64_t number = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto [rest, error] = std::from_chars(begin, end, number);
  if (error != std::errc() || number < 0) return malformed();
  std::string_view name(rest, static_cast<std::size_t>(end - rest));
  while (name.starts_with(' ')) name.remove_prefix(1);
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (number > std::numeric_limits<std::int64_t>::max() / unit.factor) return malformed();
    return number * unit.factor;
  }
  return malformed();
}

std::string Exact(std::int64_t value, std::span<const Unit> units) {
  const Unit* best = &units.back();
  std::string shortest = fmt::format("{}{}", value, best->name);
  for (const Unit& unit : units) {
    if (value % unit.factor != 0 || value == 0) continue;
    std::string text = fmt::format("{}{}", value / unit.factor, unit.name);
    if (text.size() < shortest.size()) shortest = std::move(text);
  }
  return shortest;
}

}  // namespace

Result<std::int64_t> ParseSize(std::string_view text) {
  return Parse(text, kSizes, "a size such as \"512MB\" or \"64MiB\"");
}

Result<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  RTL_TRY(const std::int64_t millis,
          Parse(text, kDurations, "a duration such as \"500ms\", \"30s\" or \"1h\""));
  return std::chrono::milliseconds(millis);
}

std::string ExactSize(std::int64_t bytes) {
  return Exact(bytes, kSizes);
}

std::string ExactDuration(std::chrono::milliseconds duration) {
  return Exact(duration.count(), kDurations);
}

std::string ReadableCount(std::int64_t count) {
  std::string digits = fmt::format("{}", count);
  const std::size_t first = count < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string ReadableBytes(std::int64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"kB", "MB", "GB", "TB", "PB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string ReadableSeconds(double seconds) {
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string ReadableRate(std::int64_t bytes, double seconds) {
  if (bytes <= 0 || seconds < 0.001) return "";
  return ReadableBytes(static_cast<std::int64_t>(static_cast<double>(bytes) / seconds)) + "/s";
}

std::string Counted(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", ReadableCount(count), noun, count == 1 ? "" : "s");
}

}  // namespace rtl::cli
