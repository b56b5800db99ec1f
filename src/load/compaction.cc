#include "load/compaction.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "delta/data_path.h"
#include "load/ledger_entry.h"
#include "load/merge_files.h"

namespace rtl::load {
namespace {

constexpr std::size_t kOriginColumns = 4;

// The loader's own columns are the last ones, and what rows are mostly found by.
std::size_t OwnColumns(std::optional<Role> role) {
  const bool has = role == Role::kSnapshot || role == Role::kRaw || role == Role::kQuarantine;
  return has ? kOriginColumns : 0;
}

bool MayBeMoved(const delta::Add& add) {
  return !add.deletion_vector && !delta::IsAbsolutePath(add.path);
}

std::optional<std::string> KeyOfSeveralFiles(const delta::Add& add) {
  const auto tag = ParseTags(add.tags);
  if (!tag || tag->files < 2) return std::nullopt;
  return tag->source_file;
}

// Nothing is told where one of them does not tell.
std::int64_t RowsOf(const std::vector<delta::Add>& files) {
  std::int64_t rows = 0;
  for (const delta::Add& file : files) {
    const auto tag = ParseTags(file.tags);
    if (!tag || tag->file_rows < 0) return -1;
    rows += tag->file_rows;
  }
  return rows;
}

std::int64_t FilesAfter(const delta::RewriteJob& job) {
  return static_cast<std::int64_t>(job.bins.size() + job.companions.size());
}

// One add a bin, then the companions'; with tags where the files have an owner.
Result<std::vector<delta::Add>> Rewrite(const delta::Table& table, const delta::TableState& state,
                                        const delta::RewriteJob& job, std::optional<Role> role) {
  std::vector<delta::Add> adds;
  for (const auto& bin : job.bins) {
    RTL_TRY(adds.emplace_back(), MergeFiles(table, state, bin, OwnColumns(role)));
  }
  if (role != Role::kSnapshot) return adds;
  adds.insert(adds.end(), job.companions.begin(), job.companions.end());
  auto tag = ParseTags(job.bins.front().front().tags);
  if (!tag) return Fail(ErrorKind::kInternal, "files of no key were planned to be merged");
  tag->files = FilesAfter(job);
  for (std::size_t i = 0; i < adds.size(); ++i) {
    tag->file_rows = RowsOf(i < job.bins.size() ? job.bins[i] : std::vector{adds[i]});
    adds[i].tags = ToTags(*tag);
  }
  return adds;
}

}  // namespace

std::optional<delta::RewriteJob> PlanKeyCompaction(std::vector<delta::Add> files,
                                                   const delta::PackOptions& pack) {
  std::optional<FileTag> tag;
  for (const delta::Add& file : files) {
    auto its = ParseTags(file.tags);
    if (its) its->file_rows = -1;
    if (!its || (tag && *tag != *its) || !MayBeMoved(file)) return std::nullopt;
    tag = its;
  }
  if (!tag || tag->files != static_cast<std::int64_t>(files.size())) return std::nullopt;
  delta::RewriteJob job;
  job.bins = delta::PackBins(files, pack);
  if (job.bins.empty()) return std::nullopt;
  std::ranges::copy_if(files, std::back_inserter(job.companions), [&](const delta::Add& file) {
    return std::ranges::none_of(job.bins, [&](const std::vector<delta::Add>& bin) {
      return std::ranges::find(bin, file.path, &delta::Add::path) != bin.end();
    });
  });
  return job;
}

Result<delta::OptimizeReport> Compact(const delta::Table& table, std::optional<Role> role,
                                      const CompactOptions& options, std::stop_token stop) {
  if (role == Role::kFileRecords) return delta::OptimizeReport{};
  delta::OptimizeOptions optimize;
  optimize.engine_info = std::string(kEngineInfo);
  optimize.on_progress = options.on_progress;
  optimize.rewrite = [&](const delta::TableState& state, const delta::RewriteJob& job) {
    return Rewrite(table, state, job, role);
  };
  if (role == Role::kSnapshot) {
    optimize.group = KeyOfSeveralFiles;
    // A key's files are few: none of them is worth waiting for others.
    delta::PackOptions pack = options.pack;
    pack.min_files = 2;
    optimize.plan = [pack](std::vector<delta::Add> files) {
      std::vector<delta::RewriteJob> jobs;
      if (auto job = PlanKeyCompaction(std::move(files), pack)) jobs.push_back(std::move(*job));
      return jobs;
    };
  } else {
    delta::PackAnyFiles(options.pack, optimize);
  }
  return delta::Optimize(table, optimize, std::move(stop));
}

}  // namespace rtl::load
