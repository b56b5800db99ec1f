// Dates and times as partition values, statistics and conditions write them (protocol: "Partition Value
// Serialization").
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rtl::delta {

// "2026-01-31", also with one digit where two are usual, and with a sign before the year. Days since
// 1970-01-01.
std::optional<std::int32_t> ParseDate(std::string_view text);

struct ParsedTime {
  std::int64_t micros = 0;  // since 1970-01-01: UTC where the text has a zone, else as a clock would show it
  bool has_zone = false;
};

// A date, then optionally ' ' or 'T' and "12:00", "12:00:30" or "12:00:30.123456789", then optionally "Z" or
// an offset like "+01:00". What is below a microsecond is cut off.
std::optional<ParsedTime> ParseTime(std::string_view text);

}  // namespace rtl::delta
