// Writing the sidecars of a checkpoint (protocol: "Sidecar Files").
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/error.h"
#include "delta/checkpoint_encoder.h"
#include "delta/sidecar_buckets.h"
#include "delta/table.h"

namespace rtl::delta {

// The rows of one bucket on their way into a sidecar. One thread at a time.
class SidecarBuilder {
 public:
  // `metadata` must outlive the builder. Tombstones from before `expired_before_ms` are left out.
  SidecarBuilder(std::uint32_t bucket, const Metadata& metadata, std::int64_t expired_before_ms);

  Result<> Append(const Add& add);
  Result<> Append(const Remove& remove);

  // Puts the sidecar; nothing where there are no rows.
  struct Written {
    Bucket bucket;
    std::optional<Sidecar> sidecar;
  };
  Result<Written> Put(const Table& table, std::uint32_t count) &&;

 private:
  template <typename T>
  Result<> Encode(const T& action);

  const Metadata& metadata_;
  std::int64_t expired_before_ms_;
  Bucket bucket_;
  std::optional<CheckpointEncoder> encoder_;
};

// One bucket's sidecars made new: those of the buckets in `old_buckets` of `old`, less what `newer` says of
// the same logical files, and `newer` itself, spread over `new_buckets` of `new_count`.
struct SidecarRewrite {
  std::span<const Action> newer;  // adds and removes of the new buckets, each logical file once
  std::vector<std::uint32_t> old_buckets;
  std::vector<std::uint32_t> new_buckets;
  std::uint32_t new_count = 0;
};

// kBadData where an old sidecar is damaged, holds what belongs elsewhere, or has a file that is active twice;
// kNotFound when one is gone. Threads: any.
Result<std::vector<SidecarBuilder::Written>> RewriteSidecars(const Table& table,
                                                             const BucketedCheckpoint& old,
                                                             const SidecarRewrite& rewrite,
                                                             const Metadata& metadata,
                                                             std::int64_t expired_before_ms);

}  // namespace rtl::delta
