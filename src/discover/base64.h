// Base64 (RFC 4648), as bodies and signatures come. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rtl::discover {

// Absent when the text is no base64: another character, wrong padding. White space is not taken.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace rtl::discover
