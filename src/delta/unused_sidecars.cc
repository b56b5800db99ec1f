#include "delta/unused_sidecars.h"

#include <chrono>
#include <set>
#include <string>

#include "delta/checkpoint_reader.h"
#include "delta/log_listing.h"
#include "delta/log_names.h"

namespace rtl::delta {

Result<std::vector<store::ObjectInfo>> UnusedSidecars(const Table& table, Version from, Timestamp now) {
  using std::chrono::days;
  const Timestamp young = std::chrono::floor<days>(now) - days(1);
  const std::string log = table.DataKey("_delta_log/");
  RTL_TRY(auto sidecars, store::ListAll(table.store(), log + std::string(kSidecarFolder)));
  std::erase_if(sidecars, [&](const store::ObjectInfo& info) { return info.modified_at > young; });
  if (sidecars.empty()) return sidecars;
  // After the sidecars: a checkpoint that came meanwhile may refer to old ones.
  RTL_TRY(const LogListing listing, ListLog(table.store(), log, from));
  std::set<std::string> used;
  for (const CheckpointFiles& files : listing.checkpoints) {
    if (files.kind != LogFileKind::kUuidCheckpoint && files.kind != LogFileKind::kClassicCheckpoint) continue;
    RTL_TRY(const auto named, ReadSidecars(table.store(), files));
    for (const SidecarFile& file : named) used.insert(file.key);
  }
  std::erase_if(sidecars, [&](const store::ObjectInfo& info) { return used.contains(info.key); });
  return sidecars;
}

}  // namespace rtl::delta
