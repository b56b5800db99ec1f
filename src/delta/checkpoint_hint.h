// The file _last_checkpoint (protocol: "Last Checkpoint File Schema").
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/error.h"
#include "delta/table.h"

namespace rtl::delta {

struct WrittenCheckpoint {
  Version version = -1;
  std::string name;          // of the file in the log
  std::int64_t actions = 0;  // in it and its sidecars
  std::int64_t bytes = 0;    // likewise
  std::int64_t adds = 0;
  // Of the second spec:
  std::optional<std::int64_t> top_bytes;  // of the file alone
  std::int64_t modification_time_ms = 0;
};

// Points the hint at the checkpoint, unless it points at a later one that is there.
Result<> PointAt(const Table& table, const WrittenCheckpoint& checkpoint);

}  // namespace rtl::delta
