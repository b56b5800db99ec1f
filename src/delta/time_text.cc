#include "delta/time_text.h"

#include <chrono>

namespace rtl::delta {
namespace {

// Reads a text from its left end.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<char> TakeSign() {
    if (Take('+')) return '+';
    if (Take('-')) return '-';
    return {};
  }
  std::optional<int> TakeNumber(int least_digits, int most_digits) {
    int value = 0;
    int digits = 0;
    while (digits < most_digits && !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') {
      value = value * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
      ++digits;
    }
    if (digits < least_digits) return {};
    return value;
  }
  // The digits of a second's fraction, as microseconds.
  std::optional<int> TakeMicros() {
    int value = 0;
    int digits = 0;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; ++digits) {
      if (digits < 6) value = value * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    if (digits == 0 || digits > 9) return {};
    for (int i = digits; i < 6; ++i) value *= 10;
    return value;
  }

 private:
  std::string_view rest_;
};

std::optional<std::chrono::sys_days> TakeDate(Scanner& text) {
  const auto sign = text.TakeSign();
  const auto year = text.TakeNumber(4, 5);
  if (!year || !text.Take('-')) return {};
  const auto month = text.TakeNumber(1, 2);
  if (!month || !text.Take('-')) return {};
  const auto day = text.TakeNumber(1, 2);
  if (!day || *year > static_cast<int>(std::chrono::year::max())) return {};
  const std::chrono::year_month_day date{std::chrono::year(sign == '-' ? -*year : *year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return {};
  return std::chrono::sys_days(date);
}

std::optional<std::chrono::microseconds> TakeTimeOfDay(Scanner& text) {
  const auto hours = text.TakeNumber(1, 2);
  if (!hours || *hours > 23 || !text.Take(':')) return {};
  const auto minutes = text.TakeNumber(1, 2);
  if (!minutes || *minutes > 59) return {};
  std::chrono::microseconds time = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  if (!text.Take(':')) return time;
  const auto seconds = text.TakeNumber(1, 2);
  if (!seconds || *seconds > 59) return {};
  time += std::chrono::seconds(*seconds);
  if (!text.Take('.')) return time;
  const auto micros = text.TakeMicros();
  if (!micros) return {};
  return time + std::chrono::microseconds(*micros);
}

// "Z", "+1", "+01", "+01:00", "+0100".
std::optional<std::chrono::minutes> TakeOffset(Scanner& text) {
  if (text.Take('Z') || text.Take('z')) return std::chrono::minutes(0);
  const auto sign = text.TakeSign();
  if (!sign) return {};
  const auto hours = text.TakeNumber(1, 2);
  if (!hours || *hours > 18) return {};
  int minutes = 0;
  if (!text.done()) {
    text.Take(':');
    const auto given = text.TakeNumber(2, 2);
    if (!given || *given > 59) return {};
    minutes = *given;
  }
  const std::chrono::minutes offset = std::chrono::hours(*hours) + std::chrono::minutes(minutes);
  return sign == '-' ? -offset : offset;
}

}  // namespace

std::optional<std::int32_t> ParseDate(std::string_view text) {
  Scanner scanner(text);
  const auto date = TakeDate(scanner);
  if (!date || !scanner.done()) return {};
  return static_cast<std::int32_t>(date->time_since_epoch().count());
}

std::optional<ParsedTime> ParseTime(std::string_view text) {
  Scanner scanner(text);
  const auto date = TakeDate(scanner);
  if (!date) return {};
  std::chrono::microseconds time = date->time_since_epoch();
  if (scanner.Take(' ') || scanner.Take('T')) {
    const auto of_day = TakeTimeOfDay(scanner);
    if (!of_day) return {};
    time += *of_day;
  }
  if (scanner.done()) return ParsedTime{.micros = time.count()};
  scanner.Take(' ');
  const auto offset = TakeOffset(scanner);
  if (!offset || !scanner.done()) return {};
  return ParsedTime{.micros = (time - *offset).count(), .has_zone = true};
}

}  // namespace rtl::delta
