#include "delta/vacuum.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "delta/log_listing.h"
#include "delta/needed_files.h"
#include "delta/table_properties.h"

namespace rtl::delta {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kBatch = 10'000;
constexpr std::string_view kChangeData = "_change_data/";

// Names of folders below the table's that hold partitions may begin with anything.
bool IsPartitionFolder(std::string_view name, const std::vector<std::string>& partition_columns) {
  return std::ranges::any_of(partition_columns, [&](const std::string& column) {
    return name.size() > column.size() && name.starts_with(column) && name[column.size()] == '=';
  });
}

bool IsHidden(std::string_view path, const std::vector<std::string>& partition_columns) {
  if (path.starts_with(kChangeData)) path.remove_prefix(kChangeData.size());
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = path.find('/', begin);
    const bool is_folder = end != std::string_view::npos;
    const std::string_view name = path.substr(begin, is_folder ? end - begin : end);
    if ((name.starts_with('_') || name.starts_with('.')) &&
        !(is_folder && IsPartitionFolder(name, partition_columns))) {
      return true;
    }
    if (!is_folder) break;
    begin = end + 1;
  }
  return false;
}

// Whether a folder on the way to a file is a Delta table of its own. Paths come in order, so that only the
// folders of the path before need to be remembered.
class NestedTables {
 public:
  explicit NestedTables(const Table& table) : table_(table) {}

  Result<bool> Hold(std::string_view path) {
    while (!folders_.empty() && !path.starts_with(folders_.back().path)) folders_.pop_back();
    if (!folders_.empty() && folders_.back().is_table) return true;
    std::size_t begin = folders_.empty() ? 0 : folders_.back().path.size();
    for (std::size_t end; (end = path.find('/', begin)) != std::string_view::npos; begin = end + 1) {
      const bool is_partition = path.substr(begin, end - begin).contains('=');
      Folder folder{.path = std::string(path.substr(0, end + 1))};
      if (!is_partition) {
        RTL_TRY(folder.is_table, HasLog(folder.path));
      }
      folders_.push_back(std::move(folder));
      if (folders_.back().is_table) return true;
    }
    return false;
  }

 private:
  struct Folder {
    std::string path;  // with a '/' at its end
    bool is_table = false;
  };

  Result<bool> HasLog(const std::string& folder) const {
    RTL_TRY(const auto lister, table_.store().List(table_.DataKey(folder + "_delta_log/")));
    RTL_TRY(const auto page, lister->Next());
    return !page.empty();
  }

  const Table& table_;
  std::vector<Folder> folders_;  // each inside the one before
};

class Vacuuming {
 public:
  Vacuuming(const Table& table, const VacuumOptions& options, std::stop_token stop)
      : table_(table),
        options_(options),
        stop_(std::move(stop)),
        now_(table.clock().Now()),
        folder_(table.DataKey("")),
        nested_(table) {}

  Result<VacuumReport> Run() {
    RTL_CHECK(FindNeeded());
    RTL_CHECK(Sweep(""));
    // The log itself may be long and is none of a vacuum's business.
    RTL_CHECK(Sweep("_delta_log0"));
    return report_;
  }

 private:
  Timestamp cutoff() const { return now_ - report_.retention; }

  Result<> FindNeeded() {
    RTL_CHECK(AskCaller());
    NeededFilesSink sink(needed_);
    RTL_TRY(const TableState state, table_.Scan(std::nullopt, sink));
    protocol_ = state.protocol;
    metadata_ = state.metadata;
    RTL_CHECK(CheckProtocol());
    const milliseconds own = DeletedFileRetention(state.metadata);
    report_.retention = options_.retention.value_or(std::max(own, options_.at_least.value_or(own)));
    report_.version = version_ = state.version;
    if (report_.retention < own && !options_.force) {
      return Fail(ErrorKind::kBadConfig,
                  fmt::format("{}: a retention of {} h is below the table's own of {} h "
                              "(delta.deletedFileRetentionDuration): files that readers and running writers "
                              "still need could be deleted; force it where nobody uses the table",
                              table_.Uri(), Hours(report_.retention), Hours(own)));
    }
    sink.KeepTombstones(MillisSinceEpoch(cutoff()));
    // A checkpoint has forgotten tombstones that are older than the table's own retention.
    return report_.retention > own ? ReadCommitsSince(cutoff()) : Result<>();
  }

  // Protocol: "VACUUM Protocol Check".
  Result<> CheckProtocol() const {
    auto writable = CheckWritable(protocol_, metadata_);
    if (!writable) return Fail(writable.error().Wrap(table_.Uri()));
    return {};
  }

  static double Hours(milliseconds duration) {
    return std::chrono::duration<double, std::ratio<3600>>(duration).count();
  }

  Result<> ReadCommitsSince(Timestamp since) {
    RTL_TRY(const LogListing listing, ListLog(table_.store(), table_.DataKey("_delta_log/"), 0));
    for (const auto& [version, info] : listing.commits) {
      if (info.modified_at < since) continue;
      return table_.ForEachCommit(version, listing.commits.rbegin()->first, [&](const Commit& commit) {
        needed_.InsertFilesOf(commit);
        return Result<>();
      });
    }
    return {};
  }

  Result<> AskCaller() {
    if (!options_.also_needed) return {};
    RTL_TRY(const std::vector<std::string> paths, options_.also_needed());
    for (const std::string& path : paths) needed_.Insert(path);
    return {};
  }

  // What has been committed since the last look at the log.
  Result<> ReadOn() {
    RTL_CHECK(AskCaller());
    const auto commits = table_.CommitsAfter(version_);
    if (!commits && commits.error().kind() == ErrorKind::kNotFound) {
      // Cleaned up already, so it is long ago. Whatever is active now is needed.
      NeededFilesSink sink(needed_);
      RTL_TRY(const TableState state, table_.Scan(std::nullopt, sink));
      sink.KeepTombstones(MillisSinceEpoch(cutoff()));
      version_ = state.version;
      return {};
    }
    if (!commits) return Fail(commits.error());
    for (const Commit& commit : *commits) {
      needed_.InsertFilesOf(commit);
      for (const Action& action : commit.actions) {
        if (const auto* protocol = std::get_if<Protocol>(&action)) protocol_ = *protocol;
        if (const auto* metadata = std::get_if<Metadata>(&action)) metadata_ = *metadata;
      }
      version_ = commit.version;
    }
    return CheckProtocol();
  }

  // Objects from `start` on, a path below the folder, up to the log.
  Result<> Sweep(std::string_view start) {
    RTL_TRY(const auto lister,
            table_.store().List(folder_, start.empty() ? "" : folder_ + std::string(start)));
    while (true) {
      if (stop_.stop_requested()) return Fail(ErrorKind::kCancelled, "the vacuum was stopped");
      RTL_TRY(const auto page, lister->Next());
      bool at_log = false;
      for (const store::ObjectInfo& info : page) {
        at_log = start.empty() && Path(info).starts_with("_delta_log/");
        if (at_log) break;
        RTL_CHECK(LookAt(info));
      }
      if (options_.on_progress) options_.on_progress(report_);
      if (page.empty() || at_log) return DeleteBatch();
    }
  }

  std::string_view Path(const store::ObjectInfo& info) const {
    return std::string_view(info.key).substr(folder_.size());
  }

  Result<> LookAt(const store::ObjectInfo& info) {
    ++report_.looked_at;
    const std::string_view path = Path(info);
    if (IsHidden(path, metadata_.partition_columns) || needed_.Contains(path)) return {};
    if (info.modified_at >= cutoff()) {
      ++report_.young;
      return {};
    }
    RTL_TRY(const bool is_nested, nested_.Hold(path));
    if (is_nested) return {};
    batch_.push_back({std::string(path), info.size});
    return batch_.size() >= kBatch ? DeleteBatch() : Result<>();
  }

  Result<> DeleteBatch() {
    if (batch_.empty()) return {};
    if (stop_.stop_requested()) return Fail(ErrorKind::kCancelled, "the vacuum was stopped");
    RTL_CHECK(ReadOn());
    std::erase_if(batch_, [&](const Candidate& file) { return needed_.Contains(file.path); });
    if (!options_.dry_run) {
      std::vector<std::string> keys;
      keys.reserve(batch_.size());
      for (const Candidate& file : batch_) keys.push_back(folder_ + file.path);
      if (auto deleted = table_.store().DeleteAll(keys); !deleted) {
        return Fail(deleted.error().Wrap(fmt::format("vacuum of {}", table_.Uri())));
      }
    }
    for (const Candidate& file : batch_) {
      ++report_.files;
      report_.bytes += file.bytes;
      if (options_.on_file) options_.on_file(file.path, file.bytes);
    }
    batch_.clear();
    return {};
  }

  struct Candidate {
    std::string path;
    std::int64_t bytes = 0;
  };

  const Table& table_;
  const VacuumOptions& options_;
  const std::stop_token stop_;
  const Timestamp now_;
  const std::string folder_;  // key of the table's folder: "" or with a '/' at its end
  NestedTables nested_;
  VacuumReport report_;
  NeededFiles needed_;
  Protocol protocol_;
  Metadata metadata_;
  Version version_ = -1;  // up to which the log has been read
  std::vector<Candidate> batch_;
};

}  // namespace

Result<VacuumReport> Vacuum(const Table& table, const VacuumOptions& options, std::stop_token stop) {
  return Vacuuming(table, options, std::move(stop)).Run();
}

}  // namespace rtl::delta
