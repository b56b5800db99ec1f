#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "delta/table.h"
#include "delta/table_properties.h"

namespace rtl::delta {
namespace {

std::unexpected<Error> Refuse(std::string_view verb, std::string_view feature) {
  return Fail(ErrorKind::kUnsupported, fmt::format("this table cannot be {}: it uses {}", verb, feature));
}

// A key of a column's metadata, nested columns included: their types are kept as JSON text.
bool AnyColumnHas(const Schema& schema, std::string_view key) {
  const std::string quoted = fmt::format("\"{}", key);
  return std::ranges::any_of(schema.fields, [&](const Field& field) {
    return field.metadata.contains(quoted) || (field.type.starts_with('{') && field.type.contains(quoted));
  });
}

bool HasProperty(const Metadata& metadata, std::string_view prefix) {
  const auto found = metadata.configuration.lower_bound(std::string(prefix));
  return found != metadata.configuration.end() && found->first.starts_with(prefix);
}

// Column mapping binds readers and writers only while its mode is not "none" (protocol: "Reader Requirements
// for Column Mapping").
bool MapsColumns(const Metadata& metadata) {
  const auto mode = metadata.configuration.find("delta.columnMapping.mode");
  return mode != metadata.configuration.end() && mode->second != "none" && !mode->second.empty();
}

// Writer features that ask for nothing until the metadata activates them (protocol: "Active Features").
bool IsActive(std::string_view feature, const Metadata& metadata) {
  if (feature == "invariants") return AnyColumnHas(metadata.schema, "delta.invariants");
  if (feature == "checkConstraints") return HasProperty(metadata, "delta.constraints.");
  if (feature == "generatedColumns") return AnyColumnHas(metadata.schema, "delta.generationExpression");
  if (feature == "identityColumns") return AnyColumnHas(metadata.schema, "delta.identity.");
  if (feature == "allowColumnDefaults") return AnyColumnHas(metadata.schema, "CURRENT_DEFAULT");
  if (feature == "changeDataFeed") return IsTrue(metadata, "delta.enableChangeDataFeed");
  if (feature == "columnMapping") return MapsColumns(metadata);
  if (feature == "inCommitTimestamp") return IsTrue(metadata, "delta.enableInCommitTimestamps");
  return true;
}

// Features that ask nothing beyond what is done for every table.
bool IsAlwaysHonoured(std::string_view feature) {
  constexpr auto kHonoured =
      std::to_array<std::string_view>({"appendOnly",  // CheckActions
                                       "deletionVectors", "timestampNtz", "vacuumProtocolCheck"});
  return std::ranges::find(kHonoured, feature) != kHonoured.end();
}

Result<> CheckWriterFeature(std::string_view feature, const Metadata& metadata) {
  if (IsAlwaysHonoured(feature) || !IsActive(feature, metadata)) return {};
  return Refuse("written", fmt::format("table feature {}", feature));
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

Result<> CheckWritable(const Protocol& protocol, const Metadata& metadata) {
  RTL_CHECK(CheckReadable(protocol, metadata));
  const int version = protocol.min_writer_version;
  if (version < 1 || version > 7) return Refuse("written", fmt::format("writer version {}", version));
  if (version == 7) {
    for (const std::string& feature : protocol.writer_features) {
      RTL_CHECK(CheckWriterFeature(feature, metadata));
    }
    return {};
  }
  // Protocol: "Writer Version Requirements"; each version adds to those before.
  struct Legacy {
    int since;
    std::string_view feature;
  };
  constexpr auto kLegacy = std::to_array<Legacy>({{2, "invariants"},
                                                  {3, "checkConstraints"},
                                                  {4, "changeDataFeed"},
                                                  {4, "generatedColumns"},
                                                  {5, "columnMapping"},
                                                  {6, "identityColumns"}});
  for (const auto& [since, feature] : kLegacy) {
    if (version >= since) RTL_CHECK(CheckWriterFeature(feature, metadata));
  }
  return {};
}

}  // namespace rtl::delta
