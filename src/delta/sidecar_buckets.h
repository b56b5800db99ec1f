// How our checkpoints spread a table's files over sidecars, so that the next one rewrites only what changed.
//
// A file belongs to a bucket by the hash of its path; a bucket is one sidecar. What a bucket holds is told in
// its sidecar's tags (protocol: "Sidecar File Information"), how many there are in those of
// checkpointMetadata: a bucket without a sidecar is empty.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delta/actions.h"

namespace rtl::delta {

struct Bucket {
  std::uint32_t index = 0;
  std::int64_t adds = 0;
  std::int64_t removes = 0;
  std::int64_t oldest_remove_ms = 0;  // deletion timestamp; 0 without removes
};

std::uint32_t BucketOf(std::string_view path, std::uint32_t count);  // `count` is a power of two

// A power of two that gives a bucket about 4,000 rows; the number there was (0: none) as long as it does not
// lie far off, as another one rewrites every sidecar.
std::uint32_t BucketCount(std::int64_t rows, std::uint32_t before);

std::map<std::string, std::string> BucketTags(const Bucket& bucket, std::uint32_t count);
// `with_stats`: whether adds have their statistics as JSON, which a table property may change.
std::map<std::string, std::string> CheckpointTags(std::uint32_t count, bool with_stats);

// What the tags of a checkpoint of ours say.
struct BucketedCheckpoint {
  std::uint32_t count = 0;
  bool with_stats = true;
  std::vector<std::optional<Bucket>> buckets;    // by index
  std::vector<std::optional<Sidecar>> sidecars;  // likewise
};

// Absent unless the tags of all are there and fit together: another's checkpoint.
std::optional<BucketedCheckpoint> ReadBuckets(const std::map<std::string, std::string>& checkpoint_tags,
                                              std::span<const Sidecar> sidecars);

}  // namespace rtl::delta
