// Times as AWS's services and tools write them.
#pragma once

#include <optional>
#include <string_view>

#include "core/time.h"

namespace rtl::aws {

// "2026-01-31T12:00:00Z", with or without a fraction; "UTC" or "+00:00" for Z; other offsets too. nullopt for
// anything else.
std::optional<Timestamp> ParseIsoTime(std::string_view text);

}  // namespace rtl::aws
