#include "delta/checkpoint_hint.h"

#include <fmt/format.h>

#include <utility>

#include "core/json_writer.h"
#include "delta/json_checksum.h"
#include "delta/log_listing.h"

namespace rtl::delta {
namespace {

// Another writer may be ahead, and the hint should not lead back; a hint to nothing is replaced.
Result<bool> IsBehind(const Table& table, Version version) {
  const std::string log = table.DataKey("_delta_log/");
  RTL_TRY(const auto hint, ReadCheckpointHint(table.store(), log));
  if (!hint || *hint <= version) return false;
  RTL_TRY(const LogListing there, ListLog(table.store(), log, *hint, hint));
  return !there.checkpoints.empty();
}

std::string ToJson(const WrittenCheckpoint& checkpoint, const std::optional<std::string>& checksum) {
  JsonWriter json;
  json.BeginObject();
  json.Key("version").Int(checkpoint.version);
  json.Key("size").Int(checkpoint.actions);
  json.Key("sizeInBytes").Int(checkpoint.bytes);
  json.Key("numOfAddFiles").Int(checkpoint.adds);
  if (checkpoint.top_bytes) {
    json.Key("v2Checkpoint").BeginObject();
    json.Key("path").String(checkpoint.name);
    json.Key("sizeInBytes").Int(*checkpoint.top_bytes);
    json.Key("modificationTime").Int(checkpoint.modification_time_ms);
    json.EndObject();
  }
  if (checksum) json.Key("checksum").String(*checksum);
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace

Result<> PointAt(const Table& table, const WrittenCheckpoint& checkpoint) {
  RTL_TRY(const bool is_behind, IsBehind(table, checkpoint.version));
  if (is_behind) return {};
  RTL_TRY(const auto checksum, JsonChecksum(ToJson(checkpoint, std::nullopt)));
  return table.store().Put(table.DataKey("_delta_log/_last_checkpoint"), ToJson(checkpoint, checksum));
}

}  // namespace rtl::delta
