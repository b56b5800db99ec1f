#include "discover/event_time.h"

#include <chrono>

namespace rtl::discover {
namespace {

// Takes exactly `count` digits from the front.
std::optional<int> TakeDigits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return {};
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return {};
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool TakeOne(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// Digits after the point; beyond microseconds they are dropped.
std::optional<std::chrono::microseconds> TakeFraction(std::string_view& text) {
  if (!TakeOne(text, ".,")) return std::chrono::microseconds(0);
  std::int64_t micros = 0;
  std::int64_t unit = 100'000;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    micros += unit * (text[digits] - '0');
    unit /= 10;
  }
  if (digits == 0) return {};
  text.remove_prefix(digits);
  return std::chrono::microseconds(micros);
}

std::optional<std::chrono::minutes> TakeOffset(std::string_view& text) {
  if (TakeOne(text, "Zz")) return std::chrono::minutes(0);
  const bool west = text.starts_with('-');
  if (!TakeOne(text, "+-")) return {};
  const auto hours = TakeDigits(text, 2);
  TakeOne(text, ":");
  const auto minutes = TakeDigits(text, 2);
  if (!hours || !minutes) return {};
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return west ? -offset : offset;
}

}  // namespace

std::optional<Timestamp> ParseEventTime(std::string_view text) {
  const auto year = TakeDigits(text, 4);
  if (!year || !TakeOne(text, "-")) return {};
  const auto month = TakeDigits(text, 2);
  if (!month || !TakeOne(text, "-")) return {};
  const auto day = TakeDigits(text, 2);
  if (!day || !TakeOne(text, "Tt ")) return {};
  const auto hour = TakeDigits(text, 2);
  if (!hour || !TakeOne(text, ":")) return {};
  const auto minute = TakeDigits(text, 2);
  if (!minute || !TakeOne(text, ":")) return {};
  const auto second = TakeDigits(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return {};
  const auto fraction = TakeFraction(text);
  if (!fraction) return {};
  const auto offset = TakeOffset(text);
  if (!offset || !text.empty()) return {};
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return {};
  return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + *fraction - *offset;
}

}  // namespace rtl::discover
