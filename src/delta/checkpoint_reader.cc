#include "delta/checkpoint_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "delta/checkpoint_file.h"
#include "delta/side_by_side.h"

namespace rtl::delta {
namespace {

struct Batch {
  std::size_t file = 0;
  CheckpointBatch rows;
};

// A small file is read sooner than a thread is started. From a remote store each file is a few requests that
// wait, so more are under way than the machine has cores.
SideBySide HowToRead(const store::ObjectStore& store, std::span<const store::ObjectInfo> files) {
  constexpr std::int64_t kSmall = 512 << 10;
  std::int64_t bytes = 0;
  for (const store::ObjectInfo& info : files) bytes += info.size;
  const bool remote = store.Traits().remote;
  if (bytes <= kSmall && !(remote && files.size() > 1)) return {.threads = 0};
  const std::size_t cores = std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
  return {.threads = remote ? 8 : cores, .waiting = 4};
}

// Each batch of the files, in no order between files.
Result<> ForEachBatch(store::ObjectStore& store, std::span<const store::ObjectInfo> files, bool is_json,
                      CheckpointPart part, ReplaySink::Wants wants,
                      const std::function<Result<>(CheckpointBatch&&)>& take) {
  return RunSideBySide<Batch>(
      files.size(), HowToRead(store, files),
      [&](std::size_t file, const std::function<bool(Batch&&)>& give) {
        const auto give_rows = [&](CheckpointBatch&& rows) { return give({file, std::move(rows)}); };
        return is_json ? ReadJsonCheckpoint(store, files[file], wants, give_rows)
                       : ReadParquetCheckpoint(store, files[file], part, wants, give_rows);
      },
      [&](Batch&& batch) -> Result<> {
        const auto taken = take(std::move(batch.rows));
        return taken ? taken : Fail(taken.error().Wrap(files[batch.file].key));
      });
}

bool IsFileAction(const Action& action) {
  return std::holds_alternative<Add>(action) || std::holds_alternative<Remove>(action);
}

// What the top level of a checkpoint says of itself.
class TopLevel {
 public:
  TopLevel(const CheckpointFiles& files) : files_(files) {}

  Result<> Take(CheckpointBatch&& rows, Replay* replay) {
    for (const CheckpointMetadata& metadata : rows.metadatas) {
      if (std::exchange(has_metadata_, true)) return Damaged("it has two checkpointMetadata actions");
      if (metadata.version != files_.version) {
        return Damaged(fmt::format("by its checkpointMetadata it is of version {}", metadata.version));
      }
      tags_ = metadata.tags;
    }
    std::ranges::move(rows.sidecars, std::back_inserter(sidecars_));
    has_files_ = has_files_ || std::ranges::any_of(rows.actions, IsFileAction);
    if (replay == nullptr) return {};
    for (Action& action : rows.actions) RTL_CHECK(replay->ApplyCheckpointed(std::move(action)));
    return {};
  }

  // Protocol: "V2 Spec" and "Allowed combinations".
  Result<> Check() const {
    const bool must = files_.kind == LogFileKind::kUuidCheckpoint;
    const bool may = files_.kind != LogFileKind::kCheckpointPart;
    if (must && !has_metadata_) return Damaged("it has no checkpointMetadata, which its name asks for");
    if (has_metadata_ && !may) return Damaged("it has checkpointMetadata, which parts never have");
    if (!sidecars_.empty() && !has_metadata_) return Damaged("it has sidecars but no checkpointMetadata");
    if (!sidecars_.empty() && has_files_) return Damaged("it has files of its own beside its sidecars");
    return {};
  }

  std::vector<Sidecar>& sidecars() { return sidecars_; }
  std::map<std::string, std::string>& tags() { return tags_; }

 private:
  std::unexpected<Error> Damaged(std::string what) const {
    return Fail(ErrorKind::kBadData, std::move(what));
  }

  const CheckpointFiles& files_;
  bool has_metadata_ = false;
  bool has_files_ = false;
  std::vector<Sidecar> sidecars_;
  std::map<std::string, std::string> tags_;
};

std::string_view LogOf(const CheckpointFiles& files) {
  const std::string_view key = files.parts.front().key;
  return key.substr(0, key.rfind('/') + 1);
}

}  // namespace

Result<std::string> SidecarKey(std::string_view log, std::string_view path) {
  const std::string folder = fmt::format("/_delta_log/{}", kSidecarFolder);
  std::string_view name = path;
  if (const auto at = path.rfind(folder); at != std::string_view::npos)
    name = path.substr(at + folder.size());
  if (name.empty() || name.contains('/') || name == "." || name == ".." || name.contains('\0')) {
    return Fail(ErrorKind::kBadData,
                fmt::format("the path of a sidecar leads out of the table's log: {}", path));
  }
  return fmt::format("{}{}{}", log, kSidecarFolder, name);
}

Result<CheckpointTop> ReadCheckpointTop(store::ObjectStore& store, const CheckpointFiles& files,
                                        ReplaySink::Wants wants, Replay* replay) {
  TopLevel top(files);
  RTL_CHECK(ForEachBatch(store, files.parts, files.is_json, CheckpointPart::kTopLevel, wants,
                         [&](CheckpointBatch&& rows) { return top.Take(std::move(rows), replay); }));
  const std::string& key = files.parts.front().key;
  if (const auto sound = top.Check(); !sound) return Fail(sound.error().Wrap(key));
  CheckpointTop read{.tags = std::move(top.tags())};
  read.sidecars.reserve(top.sidecars().size());
  for (Sidecar& sidecar : top.sidecars()) {
    auto sidecar_key = SidecarKey(LogOf(files), sidecar.path);
    if (!sidecar_key) return Fail(sidecar_key.error().Wrap(key));
    read.sidecars.push_back({std::move(*sidecar_key), std::move(sidecar)});
  }
  return read;
}

Result<> ReadCheckpoint(store::ObjectStore& store, const CheckpointFiles& files, ReplaySink::Wants wants,
                        Replay& replay) {
  RTL_TRY(const auto top, ReadCheckpointTop(store, files, wants, &replay));
  if (!wants.files) return {};
  std::vector<store::ObjectInfo> infos;
  infos.reserve(top.sidecars.size());
  // Sidecars never change, so what the checkpoint says of their size is enough to read them.
  for (const SidecarFile& file : top.sidecars) infos.push_back({.key = file.key, .size = file.action.size});
  const auto read = ForEachBatch(store, infos, false, CheckpointPart::kSidecar, wants,
                                 [&](CheckpointBatch&& rows) -> Result<> {
                                   for (Action& action : rows.actions)
                                     RTL_CHECK(replay.ApplyCheckpointed(std::move(action)));
                                   return {};
                                 });
  return read ? read : Fail(read.error().Wrap(files.parts.front().key));
}

Result<std::vector<SidecarFile>> ReadSidecars(store::ObjectStore& store, const CheckpointFiles& files) {
  RTL_TRY(auto top, ReadCheckpointTop(store, files, {.files = false}, nullptr));
  return std::move(top.sidecars);
}

}  // namespace rtl::delta
