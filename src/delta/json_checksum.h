// The checksum that a JSON file carries of itself (protocol: "JSON checksum").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace rtl::delta {

// The object's canonical form, without its top-level field "checksum". kBadData when `json` is no object, or
// has a key twice.
Result<std::string> CanonicalJson(std::string_view json);

// MD5 of the canonical form, 32 lower-case hex digits. Absent where this machine does not offer MD5. Errors
// as above.
Result<std::optional<std::string>> JsonChecksum(std::string_view json);

}  // namespace rtl::delta
