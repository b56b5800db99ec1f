#include "decode/typed_value.h"

#include <charconv>
#include <clocale>
#include <cmath>
#include <cstdlib>
#include <string>

namespace rtl::decode {
namespace {

// A string's contents are not yet known to be a number.
bool IsNumber(std::string_view text) {
  const std::string line = std::string(text) + '\n';
  const char* const end = line.data() + line.size() - 1;
  JsonScanner scanner(end + 1);
  return scanner.ScanNumber(line.data()) == end;
}

}  // namespace

std::optional<std::int64_t> ToBigint(JsonKind kind, std::string_view text) {
  if (kind != JsonKind::kNumber && kind != JsonKind::kString) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> ToDouble(JsonKind kind, std::string_view text) {
  if (kind == JsonKind::kString) {
    if (!IsNumber(text)) return std::nullopt;
  } else if (kind != JsonKind::kNumber) {
    return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    // Too large, or so small that the nearest double is zero: from_chars does not say which.
    static const locale_t c_locale = newlocale(LC_NUMERIC_MASK, "C", nullptr);
    value = strtod_l(std::string(text).c_str(), nullptr, c_locale);
  }
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<bool> ToBoolean(JsonKind kind, std::string_view text) {
  if (kind != JsonKind::kTrue && kind != JsonKind::kFalse && kind != JsonKind::kString) return std::nullopt;
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

std::string_view TypeName(ColumnType type) {
  switch (type) {
    case ColumnType::kString:
      return "STRING";
    case ColumnType::kBoolean:
      return "BOOLEAN";
    case ColumnType::kBigint:
      return "BIGINT";
    case ColumnType::kDouble:
      return "DOUBLE";
    case ColumnType::kForeign:
      return "a foreign type";
  }
  return "STRING";
}

}  // namespace rtl::decode
