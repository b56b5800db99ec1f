#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "delta/table.h"

namespace rtl::delta {
namespace {

std::unexpected<Error> Refuse(std::string_view verb, std::string_view feature) {
  return Fail(ErrorKind::kUnsupported, fmt::format("this table cannot be {}: it uses {}", verb, feature));
}

// Column mapping binds readers and writers only while its mode is not "none" (protocol: "Reader Requirements
// for Column Mapping").
bool MapsColumns(const Metadata& metadata) {
  const auto mode = metadata.configuration.find("delta.columnMapping.mode");
  return mode != metadata.configuration.end() && mode->second != "none" && !mode->second.empty();
}

// Features that ask nothing beyond what is done for every table.
bool IsAlwaysHonoured(std::string_view feature) {
  constexpr auto kHonoured =
      std::to_array<std::string_view>({"deletionVectors", "timestampNtz", "vacuumProtocolCheck"});
  return std::ranges::find(kHonoured, feature) != kHonoured.end();
}

}  // namespace

Result<> CheckReadable(const Protocol& protocol, const Metadata& metadata) {
  if (protocol.min_reader_version < 1 || protocol.min_reader_version > 3) {
    return Refuse("read", fmt::format("reader version {}", protocol.min_reader_version));
  }
  for (const std::string& feature : protocol.reader_features) {
    if (IsAlwaysHonoured(feature)) continue;
    if (feature == "columnMapping" && !MapsColumns(metadata)) continue;
    return Refuse("read", fmt::format("table feature {}", feature));
  }
  if (protocol.min_reader_version == 2 && MapsColumns(metadata)) {
    return Refuse("read", "table feature columnMapping");
  }
  return {};
}

}  // namespace rtl::delta
