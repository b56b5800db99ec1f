#include <simdjson.h>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "delta/action_lines.h"
#include "delta/action_reader.h"
#include "delta/checkpoint_file.h"

namespace rtl::delta {
namespace {

// Read at once. A line may be longer.
constexpr std::int64_t kChunkBytes = 4 << 20;

bool IsWanted(const Action& action, ReplaySink::Wants wants) {
  if (std::holds_alternative<Add>(action)) return wants.files;
  if (std::holds_alternative<Remove>(action)) return wants.files && wants.tombstones;
  return true;
}

class JsonCheckpoint {
 public:
  JsonCheckpoint(store::ObjectStore& store, const store::ObjectInfo& info, ReplaySink::Wants wants)
      : store_(store), info_(info), wants_(wants) {}

  Result<> Read(const TakeCheckpointBatch& take) {
    std::string text;  // begins with the start of a line
    for (std::int64_t position = 0; position < info_.size;) {
      RTL_TRY(const std::string chunk, Fetch(position));
      position += static_cast<std::int64_t>(chunk.size());
      const std::size_t new_line = chunk.rfind('\n');
      const bool is_last = position >= info_.size;
      if (!is_last && new_line == std::string::npos) {
        text += chunk;
        continue;
      }
      const std::size_t end = is_last ? chunk.size() : new_line + 1;
      text.append(chunk, 0, end);
      RTL_TRY(CheckpointBatch batch, Parse(text));
      if (!take(std::move(batch))) return {};
      text.assign(chunk, end);
    }
    return {};
  }

 private:
  Result<std::string> Fetch(std::int64_t position) {
    store::GetOptions options;
    if (!info_.version.etag.empty()) options.pin = info_.version;
    options.range = {.offset = position, .length = std::min(kChunkBytes, info_.size - position)};
    RTL_TRY(auto object, store_.Get(info_.key, options));
    if (object.bytes.empty()) return Fail(ErrorKind::kBadData, "shorter than it was said to be");
    return std::move(object.bytes);
  }

  Result<CheckpointBatch> Parse(std::string& text) {
    const std::size_t size = text.size();
    text.append(simdjson::SIMDJSON_PADDING, '\0');
    CheckpointBatch batch;
    RTL_CHECK(lines_.ForEachLine(std::string_view(text).substr(0, size),
                                 [&](simdjson::dom::object line) { return Take(line, batch); }));
    return batch;
  }

  Result<> Take(simdjson::dom::object line, CheckpointBatch& batch) const {
    CheckpointLine parsed;
    RTL_CHECK(ReadCheckpointActions(line, parsed));
    if (parsed.metadata) batch.metadatas.push_back(std::move(*parsed.metadata));
    if (parsed.sidecar) batch.sidecars.push_back(std::move(*parsed.sidecar));
    for (Action& action : parsed.actions) {
      if (IsWanted(action, wants_)) batch.actions.push_back(std::move(action));
    }
    return {};
  }

  store::ObjectStore& store_;
  const store::ObjectInfo& info_;
  const ReplaySink::Wants wants_;
  LineParser lines_;
};

}  // namespace

Result<> ReadJsonCheckpoint(store::ObjectStore& store, const store::ObjectInfo& info, ReplaySink::Wants wants,
                            const TakeCheckpointBatch& take) {
  const auto read = JsonCheckpoint(store, info, wants).Read(take);
  return read ? read : Fail(read.error().Wrap(info.key));
}

}  // namespace rtl::delta
