#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "delta/column_mapping.h"
#include "delta/required_columns.h"
#include "delta/table.h"
#include "delta/table_features.h"
#include "delta/writer_check.h"

namespace rtl::delta {
namespace {

// What the protocol asks of a writer for each feature, and who sees to it.
enum class Honoured : std::uint8_t {
  kAlways,
  kWhileInactive,  // asks for nothing until the metadata activates it; then it is refused
};

struct Known {
  std::string_view feature;
  Honoured honoured;
};

constexpr auto kKnown = std::to_array<Known>({
    {"appendOnly", Honoured::kAlways},           // CheckActions
    {"invariants", Honoured::kAlways},           // RequiredColumns, as far as it reads them
    {"changeDataFeed", Honoured::kAlways},       // PrepareCommit; change_data.h
    {"columnMapping", Honoured::kAlways},        // column_mapping.h
    {"deletionVectors", Honoured::kAlways},      // PrepareCommit
    {"inCommitTimestamp", Honoured::kAlways},    // PrepareCommit
    {"domainMetadata", Honoured::kAlways},       // states and checkpoints carry every domain
    {"v2Checkpoint", Honoured::kAlways},         // no multi-part checkpoint is ever written
    {"timestampNtz", Honoured::kAlways},         // a type, which no writer has to use
    {"vacuumProtocolCheck", Honoured::kAlways},  // every writer asks CheckWritable first
    {"typeWidening", Honoured::kAlways},  // types are never changed; delta.typeChanges is kept as it is
    {"checkConstraints", Honoured::kWhileInactive},
    {"generatedColumns", Honoured::kWhileInactive},
    {"identityColumns", Honoured::kWhileInactive},
    {"allowColumnDefaults", Honoured::kWhileInactive},
    {"rowTracking", Honoured::kWhileInactive},
    {"icebergCompatV1", Honoured::kWhileInactive},
    {"icebergCompatV2", Honoured::kWhileInactive},
});

std::unexpected<Error> Refuse(std::string_view what) {
  return Fail(ErrorKind::kUnsupported, fmt::format("this table cannot be written: it uses {}", what));
}

Result<> CheckFeature(const Protocol& protocol, const Metadata& metadata, std::string_view feature) {
  if (!Supports(protocol, feature)) return {};
  const auto known = std::ranges::find(kKnown, feature, &Known::feature);
  if (known == kKnown.end()) return Refuse(fmt::format("table feature {}", feature));
  if (known->honoured == Honoured::kAlways || !IsActive(protocol, metadata, feature)) return {};
  return Refuse(fmt::format("table feature {}", feature));
}

}  // namespace

Result<> CheckWriterFeatures(const Protocol& protocol, const Metadata& metadata) {
  const int version = protocol.min_writer_version;
  if (version < 1 || version > 7) return Refuse(fmt::format("writer version {}", version));
  if (version == 7) {
    for (const std::string& feature : protocol.writer_features) {
      RTL_CHECK(CheckFeature(protocol, metadata, feature));
    }
  } else {
    for (const Known& known : kKnown) RTL_CHECK(CheckFeature(protocol, metadata, known.feature));
  }
  if (const auto mode = MappingModeOf(protocol, metadata); !mode) return Fail(mode.error());
  const auto required = RequiredColumns(protocol, metadata);
  return required ? Result<>() : Fail(required.error());
}

Result<> CheckWritable(const Protocol& protocol, const Metadata& metadata) {
  // Writers read the table, or its log, before they write (protocol: "Table Features").
  RTL_CHECK(CheckReadable(protocol, metadata));
  return CheckWriterFeatures(protocol, metadata);
}

}  // namespace rtl::delta
