#include "delta/predicate_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "delta/ascii_case.h"

namespace rtl::delta {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// Of a name; bytes beyond ASCII are letters.
bool IsNameByte(char c) {
  return IsDigit(c) || c == '_' || c == '$' || (AsciiLower(c) >= 'a' && AsciiLower(c) <= 'z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// What comes first in `rest` as far as `is_part` goes.
template <typename IsPart>
std::string_view Leading(std::string_view rest, const IsPart& is_part) {
  const auto end = std::ranges::find_if_not(rest, is_part);
  return rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
}

std::string_view LeadingNumber(std::string_view rest) {
  std::size_t at = rest.starts_with('-') || rest.starts_with('+') ? 1 : 0;
  while (at < rest.size() && (IsDigit(rest[at]) || rest[at] == '.')) ++at;
  if (at < rest.size() && (rest[at] == 'e' || rest[at] == 'E')) {
    std::size_t exponent = at + 1;
    if (exponent < rest.size() && (rest[exponent] == '-' || rest[exponent] == '+')) ++exponent;
    if (exponent < rest.size() && IsDigit(rest[exponent])) {
      at = exponent;
      while (at < rest.size() && IsDigit(rest[at])) ++at;
    }
  }
  return rest.substr(0, at);
}

bool BeginsNumber(std::string_view rest) {
  if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
  return !rest.empty() && IsDigit(rest[0]);
}

std::string_view LeadingSymbol(std::string_view rest) {
  constexpr auto kSymbols =
      std::to_array<std::string_view>({"==", "<>", "!=", "<=", ">=", "=", "<", ">", "(", ")", "."});
  const auto found = std::ranges::find_if(kSymbols, [&](auto symbol) { return rest.starts_with(symbol); });
  return found == kSymbols.end() ? std::string_view() : *found;
}

struct Quoted {
  std::string text;
  std::size_t length = 0;  // with its quotes; 0: it does not end
};

// A quote within is doubled.
Quoted LeadingQuoted(std::string_view rest) {
  Quoted quoted;
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] != rest[0]) {
      quoted.text += rest[at];
    } else if (at + 1 < rest.size() && rest[at + 1] == rest[0]) {
      quoted.text += rest[at++];
    } else {
      quoted.length = at + 1;
      break;
    }
  }
  return quoted;
}

}  // namespace

bool Token::IsWord(std::string_view word) const {
  return kind == Kind::kWord && EqualsIgnoringCase(text, word);
}

Result<std::vector<Token>> TokensOf(std::string_view condition) {
  using Kind = Token::Kind;
  std::vector<Token> tokens;
  std::size_t at = 0;
  while (true) {
    at += Leading(condition.substr(at), IsSpace).size();
    const std::string_view rest = condition.substr(at);
    if (rest.empty()) break;
    const char first = rest[0];
    std::size_t length = 0;
    if (first == '\'' || first == '"' || first == '`') {
      Quoted quoted = LeadingQuoted(rest);
      if (quoted.length == 0) return FailAt(condition, at, "this quote is not closed");
      length = quoted.length;
      tokens.push_back({first == '\'' ? Kind::kString : Kind::kQuotedName, std::move(quoted.text), at});
    } else if (BeginsNumber(rest)) {
      length = LeadingNumber(rest).size();
      tokens.push_back({Kind::kNumber, std::string(rest.substr(0, length)), at});
    } else if (IsNameByte(first)) {
      length = Leading(rest, IsNameByte).size();
      tokens.push_back({Kind::kWord, std::string(rest.substr(0, length)), at});
    } else {
      length = LeadingSymbol(rest).size();
      if (length == 0) return FailAt(condition, at, "this has no meaning here");
      tokens.push_back({Kind::kSymbol, std::string(rest.substr(0, length)), at});
    }
    at += length;
  }
  tokens.push_back({Kind::kEnd, "", condition.size()});
  return tokens;
}

std::unexpected<Error> FailAt(std::string_view condition, std::size_t offset, std::string_view message) {
  std::string line;
  std::string below;
  for (std::size_t at = 0; at < condition.size(); ++at) {
    const auto byte = static_cast<unsigned char>(condition[at]);
    line += byte < 0x20 || byte == 0x7f ? ' ' : condition[at];
    if (at < offset && (byte & 0xc0) != 0x80) below += ' ';
  }
  return Fail(ErrorKind::kBadConfig, fmt::format("{}\n  {}\n  {}^", message, line, below));
}

}  // namespace rtl::delta
