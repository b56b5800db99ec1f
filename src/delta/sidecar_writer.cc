#include "delta/sidecar_writer.h"

#include <arrow/buffer.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "core/uuid.h"
#include "delta/checkpoint_file.h"
#include "delta/checkpoint_reader.h"
#include "delta/data_path.h"
#include "delta/log_names.h"
#include "delta/reconcile.h"

namespace rtl::delta {

SidecarBuilder::SidecarBuilder(std::uint32_t bucket, const Metadata& metadata, std::int64_t expired_before_ms)
    : metadata_(metadata), expired_before_ms_(expired_before_ms), bucket_{.index = bucket} {}

template <typename T>
Result<> SidecarBuilder::Encode(const T& action) {
  if (!encoder_) {
    RTL_TRY(encoder_, CheckpointEncoder::Open(CheckpointColumns::kSidecar, metadata_));
  }
  return encoder_->Append(action);
}

Result<> SidecarBuilder::Append(const Add& add) {
  ++bucket_.adds;
  return Encode(add);
}

Result<> SidecarBuilder::Append(const Remove& remove) {
  const std::int64_t time_ms = std::max<std::int64_t>(remove.deletion_timestamp_ms.value_or(0), 0);
  if (time_ms < expired_before_ms_) return {};
  bucket_.oldest_remove_ms = bucket_.removes == 0 ? time_ms : std::min(bucket_.oldest_remove_ms, time_ms);
  ++bucket_.removes;
  return Encode(remove);
}

Result<SidecarBuilder::Written> SidecarBuilder::Put(const Table& table, std::uint32_t count) && {
  Written written{.bucket = bucket_};
  if (!encoder_) return written;
  RTL_TRY(const auto bytes, encoder_->Finish());
  const std::string name = NewUuid() + ".parquet";
  const std::string key = fmt::format("{}{}{}", table.DataKey("_delta_log/"), kSidecarFolder, name);
  RTL_CHECK(table.store().Put(key, std::string_view(*bytes)));
  written.sidecar = Sidecar{.path = name,
                            .size = bytes->size(),
                            .modification_time_ms = MillisSinceEpoch(table.clock().Now()),
                            .tags = BucketTags(bucket_, count)};
  return written;
}

namespace {

class Rewriting {
 public:
  Rewriting(const Table& table, const BucketedCheckpoint& old, const SidecarRewrite& rewrite,
            const Metadata& metadata, std::int64_t expired_before_ms)
      : table_(table), old_(old), rewrite_(rewrite) {
    for (const std::uint32_t bucket : rewrite.new_buckets) {
      builders_.emplace_back(bucket, metadata, expired_before_ms);
    }
    for (const Action& action : rewrite.newer) {
      std::visit([&](const auto& file) { Supersede(file); }, action);
    }
  }

  Result<std::vector<SidecarBuilder::Written>> Run() {
    for (const std::uint32_t bucket : rewrite_.old_buckets) RTL_CHECK(Copy(bucket));
    for (const Action& action : rewrite_.newer) RTL_CHECK(Place(action));
    std::vector<SidecarBuilder::Written> written;
    for (SidecarBuilder& builder : builders_) {
      RTL_TRY(written.emplace_back(), std::move(builder).Put(table_, rewrite_.new_count));
    }
    return written;
  }

 private:
  template <typename T>
  void Supersede(const T& file) {
    if constexpr (requires { LogicalFileKey(file); }) superseded_.insert(LogicalFileKey(file));
  }

  Result<> Copy(std::uint32_t bucket) {
    const auto& sidecar = old_.sidecars[bucket];
    if (!sidecar) return {};
    RTL_TRY(const std::string key, SidecarKey(table_.DataKey("_delta_log/"), sidecar->path));
    Result<> copied;
    const auto read =
        ReadParquetCheckpoint(table_.store(), {.key = key, .size = sidecar->size}, CheckpointPart::kSidecar,
                              {.stats = true, .tags = true, .tombstones = true}, [&](CheckpointBatch&& rows) {
                                copied = CopyRows(bucket, rows.actions);
                                return copied.has_value();
                              });
    if (!copied) return Fail(copied.error().Wrap(key));
    return read;
  }

  Result<> CopyRows(std::uint32_t bucket, const std::vector<Action>& rows) {
    for (const Action& action : rows) {
      std::string_view path;
      std::string key;
      if (const auto* add = std::get_if<Add>(&action)) {
        path = add->path;
        key = LogicalFileKey(*add);
      } else if (const auto* remove = std::get_if<Remove>(&action)) {
        path = remove->path;
        key = LogicalFileKey(*remove);
      } else {
        continue;
      }
      if (BucketOf(path, old_.count) != bucket) {
        return Fail(ErrorKind::kBadData, fmt::format("file {} does not belong into bucket {}", path, bucket));
      }
      if (!superseded_.contains(key)) RTL_CHECK(Place(action));
    }
    return {};
  }

  Result<> Place(const Action& action) {
    if (const auto* add = std::get_if<Add>(&action)) {
      if (!active_.insert(FileKey(add->path)).second) {
        return Fail(ErrorKind::kBadData, fmt::format("data file {} is active twice", add->path));
      }
      return BuilderOf(add->path).Append(*add);
    }
    const auto& remove = std::get<Remove>(action);
    return BuilderOf(remove.path).Append(remove);
  }

  SidecarBuilder& BuilderOf(std::string_view path) {
    const auto found = std::ranges::find(rewrite_.new_buckets, BucketOf(path, rewrite_.new_count));
    return builders_[static_cast<std::size_t>(found - rewrite_.new_buckets.begin())];
  }

  const Table& table_;
  const BucketedCheckpoint& old_;
  const SidecarRewrite& rewrite_;
  std::vector<SidecarBuilder> builders_;
  std::unordered_set<std::string> superseded_;  // logical files
  std::unordered_set<std::string> active_;      // data files
};

}  // namespace

Result<std::vector<SidecarBuilder::Written>> RewriteSidecars(const Table& table,
                                                             const BucketedCheckpoint& old,
                                                             const SidecarRewrite& rewrite,
                                                             const Metadata& metadata,
                                                             std::int64_t expired_before_ms) {
  return Rewriting(table, old, rewrite, metadata, expired_before_ms).Run();
}

}  // namespace rtl::delta
