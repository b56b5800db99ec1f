// The rows of a checkpoint (protocol: "Checkpoint Schema") as Arrow batches.
#pragma once

#include <arrow/result.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>

#include "delta/actions.h"

namespace rtl::delta {

// Which actions a file has columns for.
enum class CheckpointColumns {
  kV1,        // all but the second spec's own (protocol: "V1 Spec")
  kTopLevel,  // all (protocol: "V2 Spec")
  kSidecar,   // file actions (protocol: "Sidecar Files")
};

// Collects actions, one a row. File actions are written with dataChange = false: a checkpoint changes
// nothing.
class CheckpointRows {
 public:
  // `with_stats`: whether add has a stats column (table property delta.checkpoint.writeStatsAsJson).
  static arrow::Result<CheckpointRows> Make(CheckpointColumns columns, bool with_stats);
  CheckpointRows(CheckpointRows&&) noexcept;
  ~CheckpointRows();

  arrow::Status Append(const Protocol& protocol);
  arrow::Status Append(const Metadata& metadata);
  arrow::Status Append(const Txn& txn);
  arrow::Status Append(const DomainMetadata& domain);
  arrow::Status Append(const Add& add);
  arrow::Status Append(const Remove& remove);
  arrow::Status Append(const CheckpointMetadata& metadata);
  arrow::Status Append(const Sidecar& sidecar);

  const std::shared_ptr<arrow::Schema>& schema() const;

  std::int64_t size() const { return size_; }                 // rows since the last Take()
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Take();  // leaves none

 private:
  struct Builders;
  explicit CheckpointRows(std::unique_ptr<Builders> builders);

  std::unique_ptr<Builders> builders_;
  std::int64_t size_ = 0;
};

}  // namespace rtl::delta
