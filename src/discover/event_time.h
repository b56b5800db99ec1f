// The times of events and of signed messages. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "core/time.h"

namespace rtl::discover {

// "2026-01-31T12:00:00Z", with or without a fraction of a second, 'Z' or an offset "+01:00" (RFC 3339).
std::optional<Timestamp> ParseEventTime(std::string_view text);

}  // namespace rtl::discover
