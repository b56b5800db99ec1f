// Removes files from a table's folder that no version within the retention needs.
//
// Needed are active files, files removed within the retention, their deletion vectors, and whatever the
// caller names. Anything younger than the retention stays: it may belong to a commit that is still to come,
// or to a load that was killed a moment ago. Names that begin with '_' or '.' are nobody's data and stay,
// but for `_change_data` and folders of partitions; so does a Delta table inside the folder. Nothing outside
// of the folder is ever touched, whatever the log names.
//
// A file that is old and not needed becomes needed when another writer restores an old version. So the log
// is read on before each batch of deletes: what a later commit has named stays.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "delta/table.h"

namespace rtl::delta {

struct VacuumReport {
  Version version = -1;                   // of the table, when it began
  std::chrono::milliseconds retention{};  // that was held to
  std::int64_t looked_at = 0;             // objects, without the log's
  std::int64_t young = 0;                 // not needed, kept as they are young
  std::int64_t files = 0;                 // deleted; of a dry run: that would be
  std::int64_t bytes = 0;                 // of those
};

struct VacuumOptions {
  std::optional<std::chrono::milliseconds> retention;  // absent: the table's own
  // The table's own or this, whichever is longer. Not with `retention`.
  std::optional<std::chrono::milliseconds> at_least;
  bool force = false;  // also a retention below the table's own
  bool dry_run = false;
  // Paths below the folder that are needed though the table's log does not name them (yet). Asked before
  // every look at the log. An error ends the vacuum.
  std::function<Result<std::vector<std::string>>()> also_needed;
  std::function<void(std::string_view path, std::int64_t bytes)> on_file;  // deleted, or would be
  std::function<void(const VacuumReport&)> on_progress;                    // every thousand objects or so
};

// kBadConfig: the retention is below the table's own (delta.deletedFileRetentionDuration) and not forced.
// kUnsupported: a protocol that this library may not write (protocol: "VACUUM Protocol Check"; asked of every
// table). kCancelled: stopped between two batches. An error leaves the table whole, and some files deleted.
// Memory: 16 bytes a needed file, and one batch of names.
Result<VacuumReport> Vacuum(const Table& table, const VacuumOptions& options = {}, std::stop_token stop = {});

}  // namespace rtl::delta
