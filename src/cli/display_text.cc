#include "cli/display_text.h"

#include <fmt/format.h>
#include <locale.h>
#include <wchar.h>

#include <algorithm>
#include <iterator>

namespace rtl::cli {
namespace {

// The C library's table of widths, whatever locale the process runs in.
class Utf8Locale {
 public:
  Utf8Locale() : previous_(uselocale(Shared())) {}  // without that locale: the one in use stays
  ~Utf8Locale() { uselocale(previous_); }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  static locale_t Shared() {
    static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", static_cast<locale_t>(nullptr));
    return locale;
  }
  locale_t previous_;
};

int Width(const Character& c) {
  if (!c.valid || c.code_point < 0x80) return 1;
  return std::max(0, wcwidth(static_cast<wchar_t>(c.code_point)));
}

bool IsObeyedByTerminals(char32_t c) {
  return (c >= 0x80 && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
         c == 0x2028 || c == 0x2029;
}

}  // namespace

Character FirstCharacter(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {.length = 1, .code_point = lead, .valid = true};
  std::size_t length = 0;
  char32_t code_point = 0;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
    code_point = lead & 0x1fU;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3;
    code_point = lead & 0x0fU;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    code_point = lead & 0x07U;
  }
  if (length == 0 || length > text.size()) return {};
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return {};
    code_point = code_point << 6U | (byte(i) & 0x3fU);
  }
  const bool overlong = (length == 3 && code_point < 0x800) || (length == 4 && code_point < 0x10000);
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (overlong || surrogate || code_point > 0x10ffff) return {};
  return {.length = length, .code_point = code_point, .valid = true};
}

std::string ToValidUtf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Character c = FirstCharacter(bytes);
    if (c.valid) {
      out += bytes.substr(0, c.length);
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(bytes[0]));
    }
    bytes.remove_prefix(c.length);
  }
  return out;
}

std::string OneLine(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Character c = FirstCharacter(bytes);
    const auto byte = static_cast<unsigned char>(bytes[0]);
    if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte == '\r') {
      out += "\\r";
    } else if (!c.valid || byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else if (IsObeyedByTerminals(c.code_point)) {
      fmt::format_to(std::back_inserter(out), "\\u{{{:x}}}", static_cast<std::uint32_t>(c.code_point));
    } else {
      out += bytes.substr(0, c.length);
    }
    bytes.remove_prefix(c.length);
  }
  return out;
}

int DisplayWidth(std::string_view text) {
  const Utf8Locale locale;
  int width = 0;
  while (!text.empty()) {
    const Character c = FirstCharacter(text);
    width += Width(c);
    text.remove_prefix(c.length);
  }
  return width;
}

std::string CutToWidth(std::string_view text, int width) {
  const Utf8Locale locale;
  int used = 0;
  std::size_t keep = 0;  // the front that leaves room for the ellipsis
  std::size_t at = 0;
  while (at < text.size()) {
    const Character c = FirstCharacter(text.substr(at));
    used += Width(c);
    if (used > width) return width < 1 ? "" : std::string(text.substr(0, keep)) + "…";
    at += c.length;
    if (used <= width - 1) keep = at;
  }
  return std::string(text);
}

}  // namespace rtl::cli
