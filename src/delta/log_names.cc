#include "delta/log_names.h"

#include <fmt/format.h>

#include <charconv>

namespace rtl::delta {
namespace {

template <typename Number>
std::optional<Number> ParseDigits(std::string_view text, std::size_t width) {
  if (text.size() != width || text.find_first_not_of("0123456789") != std::string_view::npos) return {};
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

bool LooksLikeUuid(std::string_view text) {
  return text.size() == 36 && text.find_first_not_of("0123456789abcdefABCDEF-") == std::string_view::npos;
}

// What follows "n.checkpoint."
std::optional<LogFileName> ParseCheckpointRest(LogFileName name, std::string_view rest) {
  if (rest == "parquet") {
    name.kind = LogFileKind::kClassicCheckpoint;
    return name;
  }
  if (rest.size() == 10 + 1 + 10 + 8 && rest[10] == '.' && rest.ends_with(".parquet")) {
    const auto part = ParseDigits<int>(rest.substr(0, 10), 10);
    const auto parts = ParseDigits<int>(rest.substr(11, 10), 10);
    if (!part || !parts || *part < 1 || *part > *parts) return {};
    name.kind = LogFileKind::kCheckpointPart;
    name.part = *part;
    name.parts = *parts;
    return name;
  }
  const std::size_t dot = rest.find('.');
  if (dot != std::string_view::npos && LooksLikeUuid(rest.substr(0, dot)) &&
      (rest.substr(dot) == ".json" || rest.substr(dot) == ".parquet")) {
    name.kind = LogFileKind::kUuidCheckpoint;
    name.is_json = rest.ends_with(".json");
    return name;
  }
  return {};
}

}  // namespace

std::optional<Version> VersionOf(std::string_view name) {
  if (name.size() < 21 || name[20] != '.') return {};
  return ParseDigits<Version>(name.substr(0, 20), 20);
}

std::optional<LogFileName> ParseLogFileName(std::string_view name) {
  const auto version = VersionOf(name);
  if (!version) return {};
  LogFileName parsed{.version = *version};
  const std::string_view rest = name.substr(21);
  if (rest == "json") return parsed;
  constexpr std::string_view kCheckpoint = "checkpoint.";
  if (!rest.starts_with(kCheckpoint)) return {};
  return ParseCheckpointRest(parsed, rest.substr(kCheckpoint.size()));
}

std::optional<CompactionName> ParseCompactionName(std::string_view name) {
  constexpr std::string_view kRest = ".compacted.json";
  if (name.size() != 20 + 1 + 20 + kRest.size() || name[20] != '.' || !name.ends_with(kRest)) return {};
  const auto first = ParseDigits<Version>(name.substr(0, 20), 20);
  const auto last = ParseDigits<Version>(name.substr(21, 20), 20);
  if (!first || !last || *first >= *last) return {};
  return CompactionName{.first = *first, .last = *last};
}

std::optional<Version> ParseChecksumName(std::string_view name) {
  if (name.size() != 24 || !name.ends_with(".crc")) return {};
  return ParseDigits<Version>(name.substr(0, 20), 20);
}

std::string CommitName(Version version) {
  return fmt::format("{:020}.json", version);
}

std::string CheckpointName(Version version) {
  return fmt::format("{:020}.checkpoint.parquet", version);
}

std::string UuidCheckpointName(Version version, std::string_view uuid) {
  return fmt::format("{:020}.checkpoint.{}.parquet", version, uuid);
}

std::string ChecksumName(Version version) {
  return fmt::format("{:020}.crc", version);
}

std::string VersionPrefix(Version version) {
  return fmt::format("{:020}", version);
}

}  // namespace rtl::delta
