#include <arrow/buffer.h>
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "delta/checkpoint_encoder.h"
#include "delta/checkpoint_policy.h"
#include "delta/checkpoint_writers.h"
#include "delta/log_names.h"
#include "delta/table.h"
#include "delta/table_features.h"
#include "delta/table_properties.h"

namespace rtl::delta {
namespace {

// Writes the files of a replay as they come.
class FileRows final : public ReplaySink {
 public:
  // `expired_before_ms`: tombstones from before are left out (protocol: "Add File and Remove File").
  FileRows(const Metadata& metadata, std::int64_t expired_before_ms)
      : metadata_(metadata), expired_before_ms_(expired_before_ms) {}

  Wants wants() const override { return {.stats = true, .tags = true, .tombstones = true}; }
  void Restart() override {
    encoder_.reset();
    adds_ = 0;
  }
  Result<> OnAdd(Add&& add) override {
    ++adds_;
    return Append(add);
  }
  Result<> OnTombstone(Remove&& remove) override {
    return remove.deletion_timestamp_ms.value_or(0) < expired_before_ms_ ? Result<>() : Append(remove);
  }

  template <typename T>
  Result<> Append(const T& action) {
    if (!encoder_) {
      RTL_TRY(encoder_, CheckpointEncoder::Open(CheckpointColumns::kV1, metadata_));
    }
    return encoder_->Append(action);
  }

  CheckpointEncoder& encoder() { return *encoder_; }
  std::int64_t adds() const { return adds_; }

 private:
  const Metadata& metadata_;
  std::int64_t expired_before_ms_;
  std::optional<CheckpointEncoder> encoder_;
  std::int64_t adds_ = 0;
};

Result<> CheckCheckpointable(const TableState& state) {
  if (state.version < 0) return Fail(ErrorKind::kInternal, "a checkpoint of no version");
  RTL_CHECK(CheckWritable(state.protocol, state.metadata));
  // Binding from writer version 3 on (protocol: "Writer Version Requirements").
  if (state.protocol.min_writer_version >= 3 &&
      IsTrue(state.metadata, "delta.checkpoint.writeStatsAsStruct")) {
    return Fail(ErrorKind::kUnsupported,
                "no checkpoint can be written: delta.checkpoint.writeStatsAsStruct is set");
  }
  return {};
}

Result<> PutCheckpoint(const Table& table, Version version) {
  const Timestamp now = table.clock().Now();
  // How files are written depends on the metadata, which a replay knows for certain at its end.
  WithoutFiles no_files;
  RTL_TRY(const TableState head, table.Scan(version, no_files));
  RTL_CHECK(CheckCheckpointable(head));
  RTL_TRY(const WrittenCheckpoint written,
          AsksForV2(head) ? WriteV2Checkpoint(table, head, now) : WriteV1Checkpoint(table, head, now));
  return PointAt(table, written);
}

}  // namespace

bool AsksForV2(const TableState& head) {
  return CheckpointPolicyOf(head.metadata) == CheckpointPolicy::kV2 &&
         Supports(head.protocol, "v2Checkpoint");
}

Result<WrittenCheckpoint> WriteV1Checkpoint(const Table& table, const TableState& head, Timestamp now) {
  FileRows rows(head.metadata, MillisSinceEpoch(now) - DeletedFileRetention(head.metadata).count());
  RTL_TRY(const TableState again, table.Scan(head.version, rows));
  RTL_CHECK(rows.Append(head.protocol));
  RTL_CHECK(rows.Append(head.metadata));
  for (const auto& [app_id, txn] : head.txns) RTL_CHECK(rows.Append(txn));
  for (const auto& [name, domain] : head.domains) RTL_CHECK(rows.Append(domain));
  RTL_TRY(const auto bytes, rows.encoder().Finish());
  const std::string name = CheckpointName(head.version);
  RTL_CHECK(table.store().Put(table.DataKey("_delta_log/" + name), std::string_view(*bytes)));
  return WrittenCheckpoint{.version = head.version,
                           .name = name,
                           .actions = rows.encoder().size(),
                           .bytes = bytes->size(),
                           .adds = rows.adds()};
}

Result<> Table::WriteCheckpoint(Version version) const {
  auto written = PutCheckpoint(*this, version);
  if (!written) return Fail(written.error().Wrap(fmt::format("{}, checkpoint {}", Uri(), version)));
  return written;
}

}  // namespace rtl::delta
