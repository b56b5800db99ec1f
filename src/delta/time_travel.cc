// Protocol: "Recommendations for Readers of Tables with In-Commit Timestamps".
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "delta/commit_info.h"
#include "delta/log_listing.h"
#include "delta/log_names.h"
#include "delta/table.h"
#include "delta/table_features.h"

namespace rtl::delta {
namespace {

// A property that is a number. kBadData when it is none.
Result<std::optional<std::int64_t>> FindNumber(const Metadata& metadata, const std::string& property) {
  const auto found = metadata.configuration.find(property);
  if (found == metadata.configuration.end()) return std::nullopt;
  const std::string& text = found->second;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Fail(ErrorKind::kBadData, fmt::format("table property {} is no number: {}", property, text));
  }
  return value;
}

struct CommitFile {
  Version version = -1;
  std::int64_t modified_ms = 0;
};

// Commits of versions that can be read: without a gap up to the newest, and a checkpoint where they do not
// begin at the table's first.
std::vector<CommitFile> ReadableCommits(const LogListing& listing) {
  std::vector<CommitFile> commits;
  for (const auto& [version, info] : listing.commits) {
    if (!commits.empty() && commits.back().version + 1 != version) commits.clear();
    commits.push_back({version, MillisSinceEpoch(info.modified_at)});
  }
  if (commits.empty() || commits.front().version == 0) return commits;
  for (const CheckpointFiles& files : listing.checkpoints) {
    if (files.version + 1 < commits.front().version) continue;
    std::erase_if(commits, [&](const CommitFile& commit) { return commit.version < files.version; });
    return commits;
  }
  return {};
}

// Copies of a table, and clocks that differ, make times of files go back. As Delta does, each commit counts
// as at least a millisecond later than the one before.
void MakeRising(std::vector<CommitFile>& commits) {
  for (std::size_t i = 1; i < commits.size(); ++i) {
    commits[i].modified_ms = std::max(commits[i].modified_ms, commits[i - 1].modified_ms + 1);
  }
}

class TimeTravel {
 public:
  TimeTravel(const Table& table, std::int64_t at_ms) : table_(table), at_ms_(at_ms) {}

  Result<Version> Find() {
    WithoutFiles no_files;
    RTL_TRY(const TableState state, table_.Scan(std::nullopt, no_files));
    RTL_TRY(const LogListing listing,
            ListLog(table_.store(), table_.DataKey("_delta_log/"), 0, state.version));
    commits_ = ReadableCommits(listing);
    if (commits_.empty()) return Fail(ErrorKind::kNotFound, "the log has no commits that tell times");
    MakeRising(commits_);
    if (!IsActive(state.protocol, state.metadata, "inCommitTimestamp")) return ByFiles(commits_.size());
    RTL_TRY(const auto since, FindNumber(state.metadata, "delta.inCommitTimestampEnablementVersion"));
    RTL_TRY(const auto since_ms, FindNumber(state.metadata, "delta.inCommitTimestampEnablementTimestamp"));
    if (!since || !since_ms) return ByCommits(0);
    const auto enabled = std::ranges::lower_bound(commits_, *since, {}, &CommitFile::version);
    const auto index = static_cast<std::size_t>(enabled - commits_.begin());
    // Where the log begins after the enablement, what lies before it is gone.
    if (at_ms_ >= *since_ms || index == 0) return ByCommits(index);
    return ByFiles(index);
  }

 private:
  // Among the first `count` commits, by the times of their files.
  Result<Version> ByFiles(std::size_t count) const {
    const auto end = commits_.begin() + static_cast<std::ptrdiff_t>(count);
    const auto after = std::ranges::upper_bound(commits_.begin(), end, at_ms_, {}, &CommitFile::modified_ms);
    if (after == commits_.begin()) return TooEarly(commits_.front().modified_ms);
    return std::prev(after)->version;
  }

  // Among the commits from `first` on, by what they say of themselves; that rises strictly.
  Result<Version> ByCommits(std::size_t first) const {
    std::size_t low = first;  // all before are not later
    std::size_t high = commits_.size();
    std::int64_t oldest_ms = 0;
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      RTL_TRY(const std::int64_t time_ms, InCommitTimestamp(commits_[middle].version));
      if (middle == 0) oldest_ms = time_ms;
      time_ms <= at_ms_ ? low = middle + 1 : high = middle;
    }
    if (low == 0) return TooEarly(oldest_ms);
    return commits_[low - 1].version;
  }

  Result<std::int64_t> InCommitTimestamp(Version version) const {
    RTL_TRY(const Commit commit, table_.ReadCommit(version));
    const auto time_ms = InCommitTimestampOf(commit.actions);
    if (!time_ms) {
      return Fail(ErrorKind::kBadData, fmt::format("commit {} has no inCommitTimestamp, which the table's "
                                                   "property delta.enableInCommitTimestamps asks for",
                                                   version));
    }
    return *time_ms;
  }

  std::unexpected<Error> TooEarly(std::int64_t oldest_ms) const {
    return Fail(
        ErrorKind::kNotFound,
        fmt::format("there is no version from before {}: the oldest that can be read, {}, is of that time",
                    FormatTimestamp(FromMicros(oldest_ms * 1000)), commits_.front().version));
  }

  const Table& table_;
  const std::int64_t at_ms_;
  std::vector<CommitFile> commits_;
};

}  // namespace

Result<Version> Table::VersionAt(Timestamp at) const {
  auto version = TimeTravel(*this, MillisSinceEpoch(at)).Find();
  if (!version) return Fail(version.error().Wrap(Uri()));
  return version;
}

}  // namespace rtl::delta
