// Sizes, durations and counts: as people write them in rtloader.toml and as they read them in reports.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

namespace rtl::cli {

// "512MB" (10^6), "64MiB" (2^20), "4096B": a whole number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB.
// kBadConfig.
Result<std::int64_t> ParseSize(std::string_view text);
// "500ms", "30s", "5m", "24h", "7d". kBadConfig.
Result<std::chrono::milliseconds> ParseDuration(std::string_view text);

// The shortest text that the parsers above read back to the same value.
std::string ExactSize(std::int64_t bytes);
std::string ExactDuration(std::chrono::milliseconds duration);

// For people: "1,234,567", "45.2 MB", "3.2 s", "4 min 10 s".
std::string ReadableCount(std::int64_t count);
std::string ReadableBytes(std::int64_t bytes);
std::string ReadableSeconds(double seconds);
// "23.1 MB/s"; empty where the time is too short to mean anything.
std::string ReadableRate(std::int64_t bytes, double seconds);

// "1 file", "2,000 files".
std::string Counted(std::int64_t count, std::string_view noun);

}  // namespace rtl::cli
