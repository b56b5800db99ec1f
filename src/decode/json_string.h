// JSON string contents <-> UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rtl::decode {

// Appends the UTF-8 form of a code point (not a surrogate, at most 0x10FFFF).
void AppendUtf8(std::string& out, std::uint32_t code_point);

// Appends the text that `escaped` (between the quotes; escapes already checked by JsonScanner) stands for.
// False at a lone surrogate, which no UTF-8 can hold; `out` then has what came before it. Never longer than
// the input.
bool AppendUnescaped(std::string& out, std::string_view escaped);

// Index of the first byte that is not part of well-formed UTF-8; text.size() when there is none.
std::size_t FindInvalidUtf8(std::string_view text);

}  // namespace rtl::decode
