#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/quantities.h"

namespace rtl::cli {
namespace {

constexpr int kBar = 20;  // columns of the bar itself

double Share(const ProgressCounters& c) {
  // Bytes say more than files, but empty files and deletes have none.
  const double files =
      c.planned_files > 0 ? static_cast<double>(c.done_files) / static_cast<double>(c.planned_files) : 0;
  const double bytes =
      c.planned_bytes > 0 ? static_cast<double>(c.done_bytes) / static_cast<double>(c.planned_bytes) : files;
  return std::clamp(std::min(files == 1 ? 1.0 : bytes, 1.0), 0.0, 1.0);
}

}  // namespace

void ProgressCounters::Count(const load::FileReport& file) {
  ++done_files;
  done_bytes += file.bytes;
  rows += file.rows;
  rejected += file.rejected;
  if (file.outcome == load::Outcome::kHeld || file.outcome == load::Outcome::kFailed) ++problems;
}

std::string ProgressBar(const ProgressCounters& c, int width) {
  const auto room = static_cast<std::size_t>(std::max(0, width - 1));
  if (c.planned_files == 0) return std::string("Listing ...").substr(0, room);
  const double share = Share(c);
  const int filled = static_cast<int>(share * kBar);
  const std::string files =
      fmt::format("{}/{} files", ReadableCount(c.done_files), ReadableCount(c.planned_files));
  std::vector<std::string> parts = {
      fmt::format("[{}{}] {:3}%", std::string(static_cast<std::size_t>(filled), '#'),
                  std::string(static_cast<std::size_t>(kBar - filled), '.'), static_cast<int>(share * 100)),
      files,
      Counted(c.rows, "row"),
      ReadableBytes(c.done_bytes),
  };
  if (std::string rate = ReadableRate(c.done_bytes, c.seconds); !rate.empty())
    parts.push_back(std::move(rate));
  if (c.rejected > 0) parts.push_back(fmt::format("{} rejected", ReadableCount(c.rejected)));
  if (c.problems > 0) parts.push_back(fmt::format("{} held or failed", ReadableCount(c.problems)));
  std::string line;
  for (const std::string& part : parts) {
    const std::size_t gap = line.empty() ? 0 : 2;
    if (line.size() + gap + part.size() > room) continue;
    line.append(gap, ' ');
    line += part;
  }
  return line;
}

std::string ProgressLine(const ProgressCounters& c) {
  if (c.planned_files == 0) return "listing the source";
  std::string line =
      fmt::format("{} of {}, {} of {}, {}", ReadableCount(c.done_files), Counted(c.planned_files, "file"),
                  ReadableBytes(c.done_bytes), ReadableBytes(c.planned_bytes), Counted(c.rows, "row"));
  if (const std::string rate = ReadableRate(c.done_bytes, c.seconds); !rate.empty()) line += ", " + rate;
  if (c.rejected > 0) line += fmt::format(", {} rejected", ReadableCount(c.rejected));
  if (c.problems > 0) line += fmt::format(", {} held or failed", ReadableCount(c.problems));
  return line;
}

}  // namespace rtl::cli
