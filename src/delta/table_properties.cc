#include "delta/table_properties.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace rtl::delta {
namespace {

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view NextWord(std::string_view& text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) {
    text = {};
    return {};
  }
  const std::size_t end = std::min(text.find(' ', begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

std::optional<std::int64_t> UnitMicros(std::string_view unit) {
  constexpr std::int64_t kSecond = 1'000'000;
  constexpr auto kUnits = std::to_array<std::pair<std::string_view, std::int64_t>>({
      {"microsecond", 1},
      {"millisecond", 1000},
      {"second", kSecond},
      {"minute", 60 * kSecond},
      {"hour", 3600 * kSecond},
      {"day", 86400 * kSecond},
      {"week", 7 * 86400 * kSecond},
  });
  for (const auto& [name, micros] : kUnits) {
    if (EqualsIgnoringCase(unit, name)) return micros;
    if (unit.size() == name.size() + 1 && (unit.back() == 's' || unit.back() == 'S') &&
        EqualsIgnoringCase(unit.substr(0, name.size()), name)) {
      return micros;
    }
  }
  return {};
}

}  // namespace

bool BoolProperty(const Metadata& metadata, std::string_view property, bool otherwise) {
  const auto found = metadata.configuration.find(std::string(property));
  if (found == metadata.configuration.end()) return otherwise;
  if (EqualsIgnoringCase(found->second, "true")) return true;
  return EqualsIgnoringCase(found->second, "false") ? false : otherwise;
}

bool IsTrue(const Metadata& metadata, std::string_view property) {
  return BoolProperty(metadata, property, false);
}

std::optional<std::chrono::milliseconds> ParseInterval(std::string_view text) {
  std::string_view word = NextWord(text);
  if (EqualsIgnoringCase(word, "interval")) word = NextWord(text);
  std::int64_t total = 0;
  bool any = false;
  for (; !word.empty(); word = NextWord(text)) {
    std::int64_t amount = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), amount);
    if (error != std::errc() || end != word.data() + word.size()) return {};
    const auto unit = UnitMicros(NextWord(text));
    std::int64_t micros = 0;
    if (!unit || __builtin_mul_overflow(amount, *unit, &micros) ||
        __builtin_add_overflow(total, micros, &total)) {
      return {};
    }
    any = true;
  }
  if (!any || total < 0) return {};
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::microseconds(total));
}

namespace {

std::chrono::milliseconds Interval(const Metadata& metadata, std::string_view property,
                                   std::chrono::milliseconds otherwise) {
  const auto found = metadata.configuration.find(std::string(property));
  if (found == metadata.configuration.end()) return otherwise;
  return ParseInterval(found->second).value_or(otherwise);
}

}  // namespace

std::chrono::milliseconds DeletedFileRetention(const Metadata& metadata) {
  return Interval(metadata, "delta.deletedFileRetentionDuration", std::chrono::days(7));
}

std::chrono::milliseconds LogRetention(const Metadata& metadata) {
  return Interval(metadata, "delta.logRetentionDuration", std::chrono::days(30));
}

}  // namespace rtl::delta
