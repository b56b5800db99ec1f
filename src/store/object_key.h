// Which keys a store takes (object_store.h names the rule).
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace rtl::store {

// kBadData when the key is empty, absolute, holds a NUL, or has a "." or ".." segment: a key may come from
// outside (an event, a table's log) and must not lead out of the store.
Result<> CheckKey(std::string_view key);

// The key for a message: bytes that would garble a line (control characters, '\') as \xNN.
std::string PrintableKey(std::string_view key);

}  // namespace rtl::store
