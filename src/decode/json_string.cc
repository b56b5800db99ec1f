#include "decode/json_string.h"

#include <cstring>

namespace rtl::decode {
namespace {

std::uint32_t HexValue(char c) {
  if (c <= '9') return static_cast<std::uint32_t>(c - '0');
  return static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
}

std::uint32_t Hex4(const char* p) {
  return HexValue(p[0]) << 12 | HexValue(p[1]) << 8 | HexValue(p[2]) << 4 | HexValue(p[3]);
}

char SingleEscape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;  // " \ /
  }
}

bool IsContinuation(unsigned char c) {
  return (c & 0xC0) == 0x80;
}

// Length of the well-formed sequence at `s` (Unicode 15, table 3-7), 0 when there is none.
std::size_t SequenceLength(const unsigned char* s, std::size_t left) {
  const unsigned char c = s[0];
  if (c < 0x80) return 1;
  if (c < 0xC2 || c > 0xF4) return 0;
  if (c < 0xE0) return left >= 2 && IsContinuation(s[1]) ? 2 : 0;
  if (c < 0xF0) {
    if (left < 3 || !IsContinuation(s[1]) || !IsContinuation(s[2])) return 0;
    if ((c == 0xE0 && s[1] < 0xA0) || (c == 0xED && s[1] > 0x9F)) return 0;
    return 3;
  }
  if (left < 4 || !IsContinuation(s[1]) || !IsContinuation(s[2]) || !IsContinuation(s[3])) return 0;
  if ((c == 0xF0 && s[1] < 0x90) || (c == 0xF4 && s[1] > 0x8F)) return 0;
  return 4;
}

}  // namespace

void AppendUtf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

bool AppendUnescaped(std::string& out, std::string_view escaped) {
  const char* p = escaped.data();
  const char* const end = p + escaped.size();
  while (p < end) {
    const auto* slash = static_cast<const char*>(std::memchr(p, '\\', static_cast<std::size_t>(end - p)));
    if (slash == nullptr) slash = end;
    out.append(p, slash);
    if (slash == end) break;
    if (slash[1] != 'u') {
      out += SingleEscape(slash[1]);
      p = slash + 2;
      continue;
    }
    std::uint32_t c = Hex4(slash + 2);
    p = slash + 6;
    if (c >= 0xD800 && c < 0xE000) {
      if (c >= 0xDC00 || end - p < 6 || p[0] != '\\' || p[1] != 'u') return false;
      const std::uint32_t low = Hex4(p + 2);
      if (low < 0xDC00 || low >= 0xE000) return false;
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
      p += 6;
    }
    AppendUtf8(out, c);
  }
  return true;
}

std::size_t FindInvalidUtf8(std::string_view text) {
  const auto* s = reinterpret_cast<const unsigned char*>(text.data());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = SequenceLength(s + i, text.size() - i);
    if (length == 0) return i;
    i += length;
  }
  return text.size();
}

}  // namespace rtl::decode
