#include "delta/metadata_change.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace rtl::delta {
namespace {

// Properties of Delta that concern readers, maintenance or the shape of files, never what may stand in a
// commit. Others begin with "delta." as well and bind until they are known.
constexpr auto kHarmless = std::to_array<std::string_view>({
    "delta.autoOptimize",
    "delta.checkpoint",                 // delta.checkpointInterval, delta.checkpoint.writeStatsAsJson,
                                        // delta.checkpointPolicy
    "delta.columnMapping.maxColumnId",  // moves with the columns, which are compared
    "delta.dataSkipping",
    "delta.deletedFileRetentionDuration",
    "delta.enableExpiredLogCleanup",
    "delta.logRetentionDuration",
    "delta.minReaderVersion",
    "delta.minWriterVersion",
    "delta.parquet.",
    "delta.randomize",
    "delta.sampleRetentionDuration",
    "delta.setTransactionRetentionDuration",
    "delta.targetFileSize",
    "delta.tuneFileSizesForRewrites",
});

bool Binds(std::string_view property) {
  if (!property.starts_with("delta.")) return false;
  return std::ranges::none_of(kHarmless,
                              [&](std::string_view prefix) { return property.starts_with(prefix); });
}

std::string FirstPropertyChange(const Metadata& before, const Metadata& after) {
  const auto missing_or_other = [](const Metadata& in, const auto& property) {
    const auto found = in.configuration.find(property.first);
    return found == in.configuration.end() || found->second != property.second;
  };
  for (const auto& property : before.configuration) {
    if (Binds(property.first) && missing_or_other(after, property)) return property.first;
  }
  for (const auto& property : after.configuration) {
    if (Binds(property.first) && missing_or_other(before, property)) return property.first;
  }
  return {};
}

std::optional<std::int64_t> MaxColumnId(const Metadata& metadata) {
  const auto found = metadata.configuration.find("delta.columnMapping.maxColumnId");
  if (found == metadata.configuration.end()) return std::nullopt;
  std::int64_t id = 0;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

}  // namespace

std::string FirstBindingChange(const Metadata& before, const Metadata& after) {
  if (before.id != after.id) return "the table's id";
  if (before.partition_columns != after.partition_columns) return "the partition columns";
  if (auto property = FirstPropertyChange(before, after); !property.empty()) return property;
  for (const Field& field : before.schema.fields) {
    const Field* now = after.schema.Find(field.name);
    if (now == nullptr) return fmt::format("column {}", field.name);
    const bool made_required = field.nullable && !now->nullable;
    if (now->type != field.type || now->metadata != field.metadata || made_required) {
      return fmt::format("column {}", field.name);
    }
  }
  for (const Field& field : after.schema.fields) {
    if (before.schema.Find(field.name) != nullptr) continue;
    // Anything else in its metadata that binds is a feature, which CheckWritable looks at.
    if (!field.nullable || field.metadata.contains("\"delta.invariants")) {
      return fmt::format("column {}", field.name);
    }
  }
  return {};
}

Result<> CheckMayFollow(const Metadata& before, const Metadata& after) {
  const auto refuse = [](std::string why) { return Fail(ErrorKind::kBadData, std::move(why)); };
  if (before.id != after.id) {
    return refuse(fmt::format("the table's id changes from {} to {}", before.id, after.id));
  }
  if (after.schema.fields.empty()) return refuse("a table without columns");
  for (const std::string& column : after.partition_columns) {
    if (after.schema.Find(column) == nullptr) {
      return refuse(fmt::format("partition column {} is not in the schema", column));
    }
  }
  const auto had = MaxColumnId(before);
  const auto has = MaxColumnId(after);
  if (had && (!has || *has < *had)) {
    return refuse(fmt::format("delta.columnMapping.maxColumnId goes back from {}", *had));
  }
  return {};
}

}  // namespace rtl::delta
