// A condition's words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace rtl::delta {

struct Token {
  enum class Kind : std::uint8_t { kWord, kQuotedName, kString, kNumber, kSymbol, kEnd };

  Kind kind = Kind::kEnd;
  std::string text;        // of strings and quoted names what they stand for
  std::size_t offset = 0;  // in the condition, bytes

  bool IsSymbol(std::string_view symbol) const { return kind == Kind::kSymbol && text == symbol; }
  bool IsWord(std::string_view word) const;  // regardless of case
};

// Ends with kEnd.
Result<std::vector<Token>> TokensOf(std::string_view condition);

// A kBadConfig that shows where in the condition it is.
std::unexpected<Error> FailAt(std::string_view condition, std::size_t offset, std::string_view message);

}  // namespace rtl::delta
