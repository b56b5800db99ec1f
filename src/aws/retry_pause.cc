#include "aws/retry_pause.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace rtl::aws {
namespace {

using std::chrono::milliseconds;

std::optional<int> Number(std::string_view text) {
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<milliseconds> RetryPause(const RetryPolicy& policy, int retry, double random,
                                       std::optional<milliseconds> retry_after, milliseconds elapsed) {
  milliseconds ceiling = std::min(policy.first_pause, policy.longest_pause);
  for (int i = 1; i < retry && ceiling < policy.longest_pause; ++i) {
    ceiling = std::min(ceiling * 2, policy.longest_pause);
  }
  milliseconds pause(static_cast<milliseconds::rep>(random * static_cast<double>(ceiling.count() + 1)));
  if (retry_after) pause = std::max(pause, *retry_after);
  if (elapsed + pause > policy.budget) return std::nullopt;
  return pause;
}

std::optional<Timestamp> ParseHttpDate(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(25) != " GMT" || text[19] != ':' || text[22] != ':')
    return std::nullopt;
  const auto day = Number(text.substr(5, 2));
  const auto* const month = std::ranges::find(kMonths, text.substr(8, 3));
  const auto year = Number(text.substr(12, 4));
  const auto hour = Number(text.substr(17, 2));
  const auto minute = Number(text.substr(20, 2));
  const auto second = Number(text.substr(23, 2));
  if (!day || month == kMonths.end() || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date(
      std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

std::optional<milliseconds> ParseRetryAfter(std::string_view text, Timestamp now) {
  if (const auto seconds = Number(text)) {
    if (*seconds < 0) return std::nullopt;
    return std::chrono::seconds(*seconds);
  }
  const auto date = ParseHttpDate(text);
  if (!date || *date <= now) return std::nullopt;
  return std::chrono::ceil<milliseconds>(*date - now);
}

}  // namespace rtl::aws
