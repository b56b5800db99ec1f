#include "delta/checkpoint_file.h"

#include <arrow/record_batch.h>
#include <parquet/arrow/schema.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "delta/checkpoint_actions.h"
#include "delta/parquet_object.h"

namespace rtl::delta {
namespace {

constexpr std::int64_t kBatchRows = 4096;

// The fields read; whatever else a checkpoint holds (parsed statistics above all) is left in the file.
constexpr auto kFields = std::to_array<std::string_view>({"protocol",
                                                          "protocol.minReaderVersion",
                                                          "protocol.minWriterVersion",
                                                          "protocol.readerFeatures",
                                                          "protocol.writerFeatures",
                                                          "metaData",
                                                          "metaData.id",
                                                          "metaData.name",
                                                          "metaData.description",
                                                          "metaData.format",
                                                          "metaData.format.provider",
                                                          "metaData.schemaString",
                                                          "metaData.partitionColumns",
                                                          "metaData.configuration",
                                                          "metaData.createdTime",
                                                          "txn",
                                                          "txn.appId",
                                                          "txn.version",
                                                          "txn.lastUpdated",
                                                          "add",
                                                          "add.path",
                                                          "add.partitionValues",
                                                          "add.size",
                                                          "add.modificationTime",
                                                          "add.dataChange",
                                                          "add.stats",
                                                          "add.tags",
                                                          "add.deletionVector",
                                                          "add.deletionVector.storageType",
                                                          "add.deletionVector.pathOrInlineDv",
                                                          "add.deletionVector.offset",
                                                          "add.deletionVector.sizeInBytes",
                                                          "add.deletionVector.cardinality",
                                                          "add.deletionVector.maxRowIndex",
                                                          "remove",
                                                          "remove.path",
                                                          "remove.deletionTimestamp",
                                                          "remove.dataChange",
                                                          "remove.partitionValues",
                                                          "remove.size",
                                                          "remove.deletionVector",
                                                          "remove.deletionVector.storageType",
                                                          "remove.deletionVector.pathOrInlineDv",
                                                          "remove.deletionVector.offset",
                                                          "remove.deletionVector.sizeInBytes",
                                                          "remove.deletionVector.cardinality",
                                                          "remove.deletionVector.maxRowIndex",
                                                          "domainMetadata",
                                                          "domainMetadata.domain",
                                                          "domainMetadata.configuration",
                                                          "domainMetadata.removed",
                                                          "checkpointMetadata",
                                                          "checkpointMetadata.version",
                                                          "checkpointMetadata.tags",
                                                          "sidecar",
                                                          "sidecar.path",
                                                          "sidecar.sizeInBytes",
                                                          "sidecar.modificationTime",
                                                          "sidecar.tags"});

bool IsWanted(std::string_view path, CheckpointPart part, ReplaySink::Wants wants) {
  const bool is_file_action = path == "add" || path == "remove";
  if (is_file_action && !wants.files) return false;
  if (!is_file_action && part == CheckpointPart::kSidecar && !path.contains('.')) return false;
  if (path == "add.stats") return wants.stats;
  if (path == "add.tags") return wants.tags;
  if (path == "remove") return wants.tombstones;
  return std::ranges::find(kFields, path) != kFields.end();
}

// Parquet column indices of what is wanted.
class LeafSelection {
 public:
  LeafSelection(CheckpointPart part, ReplaySink::Wants wants) : part_(part), wants_(wants) {}

  void Select(const parquet::arrow::SchemaField& field, const std::string& path, bool is_in_wanted_value) {
    if (!is_in_wanted_value && !IsWanted(path, part_, wants_)) return;
    if (field.is_leaf()) leaves_.push_back(field.column_index);
    // Below a map or a list every leaf belongs to the value.
    const bool is_value = is_in_wanted_value || field.field->type()->id() != arrow::Type::STRUCT;
    for (const auto& child : field.children) Select(child, path + "." + child.field->name(), is_value);
  }

  const std::vector<int>& leaves() const { return leaves_; }

 private:
  CheckpointPart part_;
  ReplaySink::Wants wants_;
  std::vector<int> leaves_;
};

Result<> ReadRowGroups(const ParquetObject& object, CheckpointPart part, ReplaySink::Wants wants,
                       const TakeCheckpointBatch& take) {
  parquet::arrow::FileReader& reader = object.reader();
  LeafSelection selection(part, wants);
  bool is_checkpoint = false;
  for (const auto& field : reader.manifest().schema_fields) {
    selection.Select(field, field.field->name(), false);
    is_checkpoint = is_checkpoint || std::ranges::find(kFields, field.field->name()) != kFields.end();
  }
  if (!is_checkpoint) return Fail(ErrorKind::kBadData, "not a checkpoint");
  if (selection.leaves().empty()) return {};
  for (int group = 0; group < reader.num_row_groups(); ++group) {
    RTL_TRY(const auto batches, object.ReadRowGroup(group, selection.leaves()));
    while (true) {
      std::shared_ptr<arrow::RecordBatch> rows;
      if (const auto read = batches->ReadNext(&rows); !read.ok()) return Fail(FromArrow(read));
      if (!rows) break;
      if (const auto valid = rows->Validate(); !valid.ok()) return Fail(FromArrow(valid));
      CheckpointBatch batch;
      RTL_CHECK(ReadCheckpointRows(*rows, batch));
      if (!take(std::move(batch))) return {};
    }
  }
  return {};
}

}  // namespace

Result<> ReadParquetCheckpoint(store::ObjectStore& store, const store::ObjectInfo& info, CheckpointPart part,
                               ReplaySink::Wants wants, const TakeCheckpointBatch& take) {
  RTL_TRY(const auto object, ParquetObject::Open(store, info, kBatchRows));
  return object.Guard([&] { return ReadRowGroups(object, part, wants, take); });
}

}  // namespace rtl::delta
