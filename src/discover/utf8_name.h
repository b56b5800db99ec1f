// Names that are to become a STRING of a table, which holds valid UTF-8 only. Pure.
#pragma once

#include <string>
#include <string_view>

namespace rtl::discover {

// As RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

// The text with every byte that is not part of valid UTF-8 written as \xNN.
std::string EscapeInvalidUtf8(std::string_view text);

}  // namespace rtl::discover
