#include "delta/sidecar_buckets.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>

#include "core/hash.h"
#include "delta/data_path.h"

namespace rtl::delta {
namespace {

constexpr std::string_view kBucket = "rtloader.bucket";  // "17/256"
constexpr std::string_view kAdds = "rtloader.adds";
constexpr std::string_view kRemoves = "rtloader.removes";
constexpr std::string_view kOldestRemove = "rtloader.oldestRemove";
constexpr std::string_view kBuckets = "rtloader.buckets";
constexpr std::string_view kStats = "rtloader.stats";  // "json" or "none"

constexpr std::uint32_t kMaxBuckets = 1U << 20;

using Tags = std::map<std::string, std::string>;

std::optional<std::int64_t> ParseCount(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return {};
  return value;
}

std::optional<std::int64_t> FindCount(const Tags& tags, std::string_view name) {
  const auto found = tags.find(std::string(name));
  return found == tags.end() ? std::nullopt : ParseCount(found->second);
}

std::optional<Bucket> ReadBucket(const Tags& tags, std::uint32_t count) {
  const auto name = tags.find(std::string(kBucket));
  if (name == tags.end()) return {};
  const std::string_view text = name->second;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || ParseCount(text.substr(slash + 1)) != count) return {};
  const auto index = ParseCount(text.substr(0, slash));
  const auto adds = FindCount(tags, kAdds);
  const auto removes = FindCount(tags, kRemoves);
  const auto oldest = FindCount(tags, kOldestRemove);
  if (!index || *index >= count || !adds || !removes || !oldest) return {};
  return Bucket{static_cast<std::uint32_t>(*index), *adds, *removes, *oldest};
}

}  // namespace

std::uint32_t BucketOf(std::string_view path, std::uint32_t count) {
  return static_cast<std::uint32_t>(HashKey(FileKey(path)) & (count - 1));
}

std::uint32_t BucketCount(std::int64_t rows, std::uint32_t before) {
  constexpr std::int64_t kFew = 1'000;
  constexpr std::int64_t kMany = 8'000;
  constexpr std::int64_t kWanted = 5'000;  // at most, when the number is chosen anew
  if (before > 0 && rows <= kMany * before && (rows >= kFew * before || before == 1)) return before;
  const auto least = static_cast<std::uint64_t>((rows + kWanted - 1) / kWanted);
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(std::bit_ceil(std::max<std::uint64_t>(least, 1)), kMaxBuckets));
}

Tags BucketTags(const Bucket& bucket, std::uint32_t count) {
  return {{std::string(kBucket), fmt::format("{}/{}", bucket.index, count)},
          {std::string(kAdds), fmt::format("{}", bucket.adds)},
          {std::string(kRemoves), fmt::format("{}", bucket.removes)},
          {std::string(kOldestRemove), fmt::format("{}", bucket.oldest_remove_ms)}};
}

Tags CheckpointTags(std::uint32_t count, bool with_stats) {
  return {{std::string(kBuckets), fmt::format("{}", count)},
          {std::string(kStats), with_stats ? "json" : "none"}};
}

std::optional<BucketedCheckpoint> ReadBuckets(const Tags& checkpoint_tags,
                                              std::span<const Sidecar> sidecars) {
  const auto count = FindCount(checkpoint_tags, kBuckets);
  const auto stats = checkpoint_tags.find(std::string(kStats));
  if (!count || *count > kMaxBuckets || !std::has_single_bit(static_cast<std::uint64_t>(*count)) ||
      stats == checkpoint_tags.end()) {
    return {};
  }
  BucketedCheckpoint checkpoint{.count = static_cast<std::uint32_t>(*count),
                                .with_stats = stats->second == "json"};
  checkpoint.buckets.resize(checkpoint.count);
  checkpoint.sidecars.resize(checkpoint.count);
  for (const Sidecar& sidecar : sidecars) {
    const auto bucket = ReadBucket(sidecar.tags, checkpoint.count);
    if (!bucket || checkpoint.buckets[bucket->index]) return {};
    checkpoint.buckets[bucket->index] = bucket;
    checkpoint.sidecars[bucket->index] = sidecar;
  }
  return checkpoint;
}

}  // namespace rtl::delta
