#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "delta/file_columns.h"
#include "delta/table.h"
#include "delta/type_changes.h"

namespace rtl::delta {
namespace {

std::unexpected<Error> Refuse(std::string_view verb, std::string_view feature) {
  return Fail(ErrorKind::kUnsupported, fmt::format("this table cannot be {}: it uses {}", verb, feature));
}

bool IsKnown(std::string_view feature) {
  constexpr auto kKnown =
      std::to_array<std::string_view>({"columnMapping", "deletionVectors", "timestampNtz", "typeWidening",
                                       "typeWidening-preview", "v2Checkpoint", "vacuumProtocolCheck"});
  return std::ranges::find(kKnown, feature) != kKnown.end();
}

}  // namespace

Result<> CheckReadable(const Protocol& protocol, const Metadata& metadata) {
  if (protocol.min_reader_version < 1 || protocol.min_reader_version > 3) {
    return Refuse("read", fmt::format("reader version {}", protocol.min_reader_version));
  }
  for (const std::string& feature : protocol.reader_features) {
    if (!IsKnown(feature)) return Refuse("read", fmt::format("table feature {}", feature));
    if (!feature.starts_with("typeWidening")) continue;
    const auto checked = CheckTypeChanges(metadata.schema);
    if (!checked) return Fail(checked.error().Wrap("this table cannot be read"));
  }
  RTL_CHECK(ReaderMappingModeOf(protocol, metadata));
  return {};
}

}  // namespace rtl::delta
