#include "decode/json_scanner.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>

namespace rtl::decode {
namespace {

// The line's '\n' stops every loop here, so none needs the line's end.
const char* SkipSpace(const char* p) {
  while (*p == ' ' || *p == '\t' || *p == '\r') ++p;
  return p;
}

bool IsDigit(char c) {
  return static_cast<unsigned char>(c - '0') < 10;
}
bool IsHex(char c) {
  return IsDigit(c) || static_cast<unsigned char>((c | 0x20) - 'a') < 6;
}

// What can stand unescaped in a string.
bool IsPlain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

}  // namespace

const char* JsonScanner::FailAt(const char* p, std::string_view error) {
  error_ = error;
  error_at_ = p;
  return nullptr;
}

// p: behind the opening quote. Returns the closing quote.
const char* JsonScanner::ScanString(const char* p, bool& escaped) {
  for (;;) {
#ifdef __SSE2__
    while (readable_ - p >= 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
      const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
      const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
      const __m128i slash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
      const auto stops =
          static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(control, quote), slash)));
      if (stops != 0) {
        p += std::countr_zero(stops);
        break;
      }
      p += 16;
    }
#endif
    while (IsPlain(*p)) ++p;
    if (*p == '"') return p;
    if (*p == '\n') return FailAt(p, "a string has no end");
    if (*p != '\\') return FailAt(p, "a control character in a string is not escaped");
    escaped = true;
    switch (p[1]) {
      case '"':
      case '\\':
      case '/':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't':
        p += 2;
        break;
      case 'u':
        if (!IsHex(p[2]) || !IsHex(p[3]) || !IsHex(p[4]) || !IsHex(p[5])) {
          return FailAt(p, "\\u without four hex digits");
        }
        p += 6;
        break;
      default:
        return FailAt(p, "an unknown escape in a string");
    }
  }
}

// p: '-' or a digit. Returns what follows.
const char* JsonScanner::ScanNumber(const char* p) {
  const char* const start = p;
  if (*p == '-') ++p;
  if (*p == '0') {
    ++p;
  } else if (IsDigit(*p)) {
    while (IsDigit(*++p)) {
    }
  } else {
    return FailAt(start, "not a JSON value");
  }
  if (*p == '.') {
    if (!IsDigit(*++p)) return FailAt(start, "a number without digits after its point");
    while (IsDigit(*++p)) {
    }
  }
  if ((*p | 0x20) == 'e') {
    ++p;
    if (*p == '+' || *p == '-') ++p;
    if (!IsDigit(*p)) return FailAt(start, "a number without digits in its exponent");
    while (IsDigit(*++p)) {
    }
  }
  if (IsDigit(*p)) return FailAt(start, "a number with a leading zero");
  return p;
}

const char* JsonScanner::ScanLiteral(const char* p) {
  switch (*p) {
    case 't':
      if (p[1] == 'r' && p[2] == 'u' && p[3] == 'e') return p + 4;
      break;
    case 'f':
      if (p[1] == 'a' && p[2] == 'l' && p[3] == 's' && p[4] == 'e') return p + 5;
      break;
    case 'n':
      if (p[1] == 'u' && p[2] == 'l' && p[3] == 'l') return p + 4;
      break;
    case '\n':
      return FailAt(p, "the line ends inside the object");
    default:
      break;
  }
  return FailAt(p, "not a JSON value");
}

// p: '{' or '['. Returns what follows the container. Iterative: depth costs a bit, not stack.
const char* JsonScanner::ScanContainer(const char* p) {
  int depth = 0;  // of open containers, besides the row's own object
  bool in_object = false;
  bool escaped = false;

open:
  if (depth + 1 >= kMaxDepth) return FailAt(p, "nested deeper than 1024 levels");
  in_object = *p == '{';
  {
    std::uint64_t& word = is_object_[depth / 64];
    const std::uint64_t bit = std::uint64_t{1} << (depth % 64);
    word = in_object ? word | bit : word & ~bit;
  }
  ++depth;
  p = SkipSpace(p + 1);
  if (*p == (in_object ? '}' : ']')) goto close;

member:
  if (in_object) {
    if (*p != '"') {
      return FailAt(p, *p == '\n' ? "the line ends inside the object" : "a key in quotes is missing");
    }
    p = ScanString(p + 1, escaped);
    if (p == nullptr) return nullptr;
    ++p;
    if (*p != ':') {
      p = SkipSpace(p);
      if (*p != ':') return FailAt(p, "no colon after a key");
    }
    p = SkipSpace(p + 1);
  }
  switch (*p) {
    case '"':
      p = ScanString(p + 1, escaped);
      if (p == nullptr) return nullptr;
      ++p;
      break;
    case '{':
    case '[':
      goto open;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
      p = ScanNumber(p);
      if (p == nullptr) return nullptr;
      break;
    default:
      p = ScanLiteral(p);
      if (p == nullptr) return nullptr;
  }

after:
  p = SkipSpace(p);
  if (*p == ',') {
    p = SkipSpace(p + 1);
    goto member;
  }
  if (*p != (in_object ? '}' : ']')) {
    return FailAt(p, *p == '\n' ? "the line ends inside the object" : "no comma or bracket after a value");
  }

close:
  ++p;
  if (--depth == 0) return p;
  in_object = (is_object_[(depth - 1) / 64] >> ((depth - 1) % 64) & 1) != 0;
  goto after;
}

const char* JsonScanner::ScanValue(const char* p, JsonMember& member) {
  const char* const start = p;
  switch (*p) {
    case '"':
      p = ScanString(p + 1, member.value_escaped);
      if (p == nullptr) return nullptr;
      member.kind = JsonKind::kString;
      member.value = {start + 1, p};
      return p + 1;
    case '{':
    case '[':
      member.kind = *p == '{' ? JsonKind::kObject : JsonKind::kArray;
      p = ScanContainer(p);
      break;
    case 't':
    case 'f':
    case 'n':
      member.kind = *p == 't' ? JsonKind::kTrue : *p == 'f' ? JsonKind::kFalse : JsonKind::kNull;
      p = ScanLiteral(p);
      break;
    default:
      if (*p == '\n') return FailAt(p, "the line ends inside the object");
      member.kind = JsonKind::kNumber;
      p = ScanNumber(p);
  }
  if (p == nullptr) return nullptr;
  member.value = {start, p};
  return p;
}

bool JsonScanner::ScanRow(const char* begin, const char* end) {
  members_.clear();
  const char* p = SkipSpace(begin);
  if (*p != '{') {
    FailAt(p, *p == '[' ? "a JSON array, not an object; a file that is one JSON array needs multiLine, which "
                          "is not supported"
                        : "not a JSON object");
    return false;
  }
  p = SkipSpace(p + 1);
  if (*p == '}') {
    ++p;
  } else {
    for (;;) {
      if (*p != '"') {
        FailAt(p, *p == '\n' ? "the line ends inside the object" : "a key in quotes is missing");
        return false;
      }
      if (members_.size() == kMaxMembers) {
        FailAt(p, "more than 100000 keys");
        return false;
      }
      JsonMember& member = members_.emplace_back();
      const char* const key = p + 1;
      p = ScanString(key, member.key_escaped);
      if (p == nullptr) return false;
      member.key = {key, p};
      p = SkipSpace(p + 1);
      if (*p != ':') {
        FailAt(p, "no colon after a key");
        return false;
      }
      p = ScanValue(SkipSpace(p + 1), member);
      if (p == nullptr) return false;
      p = SkipSpace(p);
      if (*p == ',') {
        p = SkipSpace(p + 1);
        continue;
      }
      if (*p == '}') {
        ++p;
        break;
      }
      FailAt(p, *p == '\n' ? "the line ends inside the object" : "no comma or bracket after a value");
      return false;
    }
  }
  p = SkipSpace(p);
  if (p == end) return true;
  FailAt(p, *p == ',' ? "a comma follows the object; a file that is one JSON array needs multiLine, which is "
                        "not supported"
            : *p == '{' ? "a second object on the line"
                        : "something follows the object");
  return false;
}

}  // namespace rtl::decode
