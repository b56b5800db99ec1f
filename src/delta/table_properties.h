// Table properties that bind readers and writers (protocol: "Table Properties", "metaData.configuration").
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "delta/actions.h"

namespace rtl::delta {

bool IsTrue(const Metadata& metadata, std::string_view property);  // absent is false; case is ignored

// Absent or unreadable: `otherwise`.
bool BoolProperty(const Metadata& metadata, std::string_view property, bool otherwise);

// "interval 1 week", "interval 30 days 12 hours"; absent when it is not such a text or is negative.
std::optional<std::chrono::milliseconds> ParseInterval(std::string_view text);

// delta.deletedFileRetentionDuration, a week by default.
std::chrono::milliseconds DeletedFileRetention(const Metadata& metadata);
// delta.logRetentionDuration, 30 days by default.
std::chrono::milliseconds LogRetention(const Metadata& metadata);

}  // namespace rtl::delta
