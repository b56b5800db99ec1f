#include "delta/bin_packing.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <tuple>
#include <utility>

namespace rtl::delta {
namespace {

void DropTooLargeForTheOthers(std::vector<Add>& files) {
  std::ranges::sort(files, {}, &Add::size);
  std::size_t kept = 0;
  std::int64_t smaller = 0;  // bytes of the files before
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (i > 0 && files[i].size <= smaller) kept = i + 1;
    smaller += files[i].size;
  }
  files.resize(kept);
}

}  // namespace

bool IsLargeEnough(std::int64_t bytes, const PackOptions& options) {
  return bytes >= options.target_bytes - options.target_bytes / 4;
}

std::vector<std::vector<Add>> PackBins(std::vector<Add> files, const PackOptions& options) {
  std::erase_if(files, [&](const Add& file) { return IsLargeEnough(file.size, options); });
  if (options.amortised) DropTooLargeForTheOthers(files);
  if (static_cast<std::int64_t>(files.size()) < options.min_files) return {};
  std::ranges::sort(files, [](const Add& a, const Add& b) {
    return std::tie(a.modification_time_ms, a.path) < std::tie(b.modification_time_ms, b.path);
  });
  std::vector<std::vector<Add>> bins;
  std::int64_t bytes = 0;  // of the last bin
  for (Add& file : files) {
    if (bins.empty() || bytes + file.size > options.target_bytes) {
      bins.emplace_back();
      bytes = 0;
    }
    bytes += file.size;
    bins.back().push_back(std::move(file));
  }
  std::erase_if(bins, [](const std::vector<Add>& bin) { return bin.size() < 2; });
  return bins;
}

}  // namespace rtl::delta
