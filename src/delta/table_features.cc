#include "delta/table_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "delta/table_properties.h"

namespace rtl::delta {
namespace {

struct Legacy {
  std::string_view feature;
  int since;  // writer version
};
constexpr auto kLegacy = std::to_array<Legacy>({{"appendOnly", 2},
                                                {"invariants", 2},
                                                {"checkConstraints", 3},
                                                {"changeDataFeed", 4},
                                                {"generatedColumns", 4},
                                                {"columnMapping", 5},
                                                {"identityColumns", 6}});

bool HasProperty(const Metadata& metadata, std::string_view prefix) {
  const auto found = metadata.configuration.lower_bound(std::string(prefix));
  return found != metadata.configuration.end() && found->first.starts_with(prefix);
}

// Protocol, "Reader Requirements for Column Mapping": mode "none" binds nobody.
bool MapsColumns(const Metadata& metadata) {
  const auto mode = metadata.configuration.find("delta.columnMapping.mode");
  return mode != metadata.configuration.end() && mode->second != "none" && !mode->second.empty();
}

bool MetadataAsksFor(const Metadata& metadata, std::string_view feature) {
  if (feature == "appendOnly") return IsTrue(metadata, "delta.appendOnly");
  if (feature == "invariants") return AnyColumnHas(metadata.schema, "delta.invariants");
  if (feature == "checkConstraints") return HasProperty(metadata, "delta.constraints.");
  if (feature == "generatedColumns") return AnyColumnHas(metadata.schema, "delta.generationExpression");
  if (feature == "identityColumns") return AnyColumnHas(metadata.schema, "delta.identity.");
  if (feature == "allowColumnDefaults") return AnyColumnHas(metadata.schema, "CURRENT_DEFAULT");
  if (feature == "changeDataFeed") return IsTrue(metadata, "delta.enableChangeDataFeed");
  if (feature == "columnMapping") return MapsColumns(metadata);
  if (feature == "deletionVectors") return IsTrue(metadata, "delta.enableDeletionVectors");
  if (feature == "inCommitTimestamp") return IsTrue(metadata, "delta.enableInCommitTimestamps");
  if (feature == "icebergCompatV1") return IsTrue(metadata, "delta.enableIcebergCompatV1");
  if (feature == "icebergCompatV2") return IsTrue(metadata, "delta.enableIcebergCompatV2");
  if (feature == "rowTracking") {  // "Row Tracking": ids are given out unless that is suspended
    return !IsTrue(metadata, "delta.rowTrackingSuspended") || IsTrue(metadata, "delta.enableRowTracking");
  }
  return true;
}

}  // namespace

bool Supports(const Protocol& protocol, std::string_view feature) {
  if (protocol.min_writer_version >= 7) {
    return std::ranges::find(protocol.writer_features, feature) != protocol.writer_features.end();
  }
  const auto legacy = std::ranges::find(kLegacy, feature, &Legacy::feature);
  return legacy != kLegacy.end() && protocol.min_writer_version >= legacy->since;
}

bool IsActive(const Protocol& protocol, const Metadata& metadata, std::string_view feature) {
  return Supports(protocol, feature) && MetadataAsksFor(metadata, feature);
}

bool AnyColumnHas(const Schema& schema, std::string_view key) {
  const std::string quoted = fmt::format("\"{}", key);
  return std::ranges::any_of(schema.fields, [&](const Field& field) {
    return field.metadata.contains(quoted) || (field.type.starts_with('{') && field.type.contains(quoted));
  });
}

void AddReaderWriterFeature(Protocol& protocol, std::string_view feature) {
  const auto list = [](std::vector<std::string>& features, std::string_view name) {
    if (std::ranges::find(features, name) == features.end()) features.emplace_back(name);
  };
  if (protocol.min_writer_version < 7) {
    for (const Legacy& legacy : kLegacy) {
      if (protocol.min_writer_version >= legacy.since) list(protocol.writer_features, legacy.feature);
    }
  }
  if (protocol.min_reader_version == 2) list(protocol.reader_features, "columnMapping");
  protocol.min_reader_version = 3;
  protocol.min_writer_version = 7;
  list(protocol.reader_features, feature);
  list(protocol.writer_features, feature);
}

}  // namespace rtl::delta
