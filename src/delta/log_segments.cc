#include "delta/log_segments.h"

#include <algorithm>
#include <map>

namespace rtl::delta {

std::vector<LogSegment> SegmentsDown(const LogListing& listing, Version first, Version last) {
  // For each version how few files cover it and all below, from the oldest up: taking the longest compaction
  // at each step could miss that.
  struct Choice {
    std::int64_t files = 0;
    const CompactionFile* compaction = nullptr;
  };
  std::multimap<Version, const CompactionFile*> by_last;
  for (const CompactionFile& compaction : listing.compactions) {
    if (compaction.first >= first && compaction.last <= last) by_last.emplace(compaction.last, &compaction);
  }
  // Between the ends of compactions every further version is one file more.
  std::map<Version, Choice> best{{first - 1, {}}};
  const auto files_up_to = [&](Version version) {
    const auto below = std::prev(best.upper_bound(version));
    return below->second.files + (version - below->first);
  };
  for (const auto& [end, compaction] : by_last) {
    const std::int64_t with = files_up_to(compaction->first - 1) + 1;
    if (with < files_up_to(end)) best[end] = {with, compaction};
  }

  std::vector<LogSegment> segments;
  for (Version at = last; at >= first;) {
    const auto choice = best.find(at);
    const CompactionFile* compaction = choice == best.end() ? nullptr : choice->second.compaction;
    segments.push_back({compaction == nullptr ? at : compaction->first, at, compaction});
    at = segments.back().first - 1;
  }
  return segments;
}

}  // namespace rtl::delta
