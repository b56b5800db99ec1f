#include "aws/iso_time.h"

#include <charconv>

namespace rtl::aws {
namespace {

std::optional<int> Digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int number = 0;
  const char* const begin = text.data() + at;
  const auto [end, failure] = std::from_chars(begin, begin + count, number);
  if (failure != std::errc() || end != begin + count || number < 0) return std::nullopt;
  return number;
}

std::optional<std::chrono::minutes> Offset(std::string_view text) {
  if (text == "Z" || text == "UTC") return std::chrono::minutes(0);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = Digits(text, 1, 2);
  const auto minutes = Digits(text, 4, 2);
  if (!hours || !minutes) return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return text[0] == '-' ? -offset : offset;
}

}  // namespace

std::optional<Timestamp> ParseIsoTime(std::string_view text) {
  constexpr std::size_t kSeconds = 19;  // of "2026-01-31T12:00:00"
  if (text.size() <= kSeconds || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != ' ') ||
      text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const auto year = Digits(text, 0, 4);
  const auto month = Digits(text, 5, 2);
  const auto day = Digits(text, 8, 2);
  const auto hour = Digits(text, 11, 2);
  const auto minute = Digits(text, 14, 2);
  const auto second = Digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;

  std::string_view rest = text.substr(kSeconds);
  std::chrono::microseconds fraction(0);
  if (rest.front() == '.') {
    std::chrono::microseconds unit(std::chrono::seconds(1));
    rest.remove_prefix(1);
    for (; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; rest.remove_prefix(1)) {
      unit /= 10;
      fraction += (rest.front() - '0') * unit;
    }
  }
  const auto offset = Offset(rest);
  if (!offset) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + fraction - *offset;
}

}  // namespace rtl::aws
