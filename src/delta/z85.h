// Base85 as the protocol's "Deletion Vector Descriptor Schema" wants it: Z85, four bytes in five characters,
// none of which JSON must escape.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace rtl::delta {

// Bytes that do not fill the last group of four are followed by zeros: who decodes must know the size.
std::string EncodeZ85(std::string_view bytes);

// The bytes behind `text`, with what fills the last group. kBadData, naming the place, unless the text is
// whole groups of Z85's characters that each stand for 32 bits.
Result<std::string> DecodeZ85(std::string_view text);

}  // namespace rtl::delta
