#include "delta/checkpoint_rows.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "delta/data_path.h"
#include "delta/schema.h"

namespace rtl::delta {
namespace {

using arrow::field;
using arrow::Status;

// The top-level columns, in the order of the schema.
enum Column {
  kTxn,
  kAdd,
  kRemove,
  kMetadata,
  kProtocol,
  kDomainMetadata,
  kCheckpointMetadata,
  kSidecar,
  kColumns
};

bool HasColumn(CheckpointColumns columns, int column) {
  if (columns == CheckpointColumns::kSidecar) return column == kAdd || column == kRemove;
  return columns == CheckpointColumns::kTopLevel || (column != kCheckpointMetadata && column != kSidecar);
}

std::shared_ptr<arrow::DataType> StringMap() {
  return arrow::map(arrow::utf8(), field("value", arrow::utf8(), true));
}
std::shared_ptr<arrow::DataType> StringList() {
  return arrow::list(field("element", arrow::utf8(), true));
}

std::shared_ptr<arrow::DataType> VectorStruct() {
  return arrow::struct_({field("storageType", arrow::utf8()), field("pathOrInlineDv", arrow::utf8()),
                         field("offset", arrow::int32()), field("sizeInBytes", arrow::int32()),
                         field("cardinality", arrow::int64()), field("maxRowIndex", arrow::int64())});
}

// Fills the fields of one struct row in the order they are declared in.
class Row {
 public:
  static arrow::Result<Row> Begin(arrow::ArrayBuilder& builder) {
    auto& row = static_cast<arrow::StructBuilder&>(builder);
    ARROW_RETURN_NOT_OK(row.Append());
    return Row(row);
  }

  Status String(std::string_view value) { return Next<arrow::StringBuilder>().Append(value); }
  Status StringOrNull(std::string_view value) {
    return value.empty() ? Next<arrow::StringBuilder>().AppendNull() : String(value);
  }
  Status Long(std::optional<std::int64_t> value) { return Next<arrow::Int64Builder>().AppendOrNull(value); }
  Status Int(int value) { return Next<arrow::Int32Builder>().Append(value); }
  Status Bool(bool value) { return Next<arrow::BooleanBuilder>().Append(value); }

  Status Strings(const std::vector<std::string>& values) {
    auto& list = Next<arrow::ListBuilder>();
    ARROW_RETURN_NOT_OK(list.Append());
    auto& items = static_cast<arrow::StringBuilder&>(*list.value_builder());
    for (const std::string& value : values) ARROW_RETURN_NOT_OK(items.Append(value));
    return Status::OK();
  }

  template <typename Map>
  Status Strings(const Map& map) {
    auto& builder = Next<arrow::MapBuilder>();
    ARROW_RETURN_NOT_OK(builder.Append());
    auto& keys = static_cast<arrow::StringBuilder&>(*builder.key_builder());
    auto& values = static_cast<arrow::StringBuilder&>(*builder.item_builder());
    for (const auto& [key, value] : map) {
      ARROW_RETURN_NOT_OK(keys.Append(key));
      ARROW_RETURN_NOT_OK(AppendValue(values, value));
    }
    return Status::OK();
  }

  Status Vector(const std::optional<DeletionVectorDescriptor>& vector) {
    if (!vector) return Null();
    ARROW_ASSIGN_OR_RAISE(Row row, Struct());
    ARROW_RETURN_NOT_OK(row.String(std::string_view(&vector->storage_type, 1)));
    ARROW_RETURN_NOT_OK(row.String(vector->path_or_inline));
    ARROW_RETURN_NOT_OK(vector->offset ? row.Int(*vector->offset) : row.Null());
    ARROW_RETURN_NOT_OK(row.Int(vector->size_in_bytes));
    ARROW_RETURN_NOT_OK(row.Long(vector->cardinality));
    return row.Long(vector->max_row_index);
  }

  Status Null() { return builder_.field_builder(next_++)->AppendNull(); }
  arrow::Result<Row> Struct() { return Begin(*builder_.field_builder(next_++)); }

 private:
  explicit Row(arrow::StructBuilder& builder) : builder_(builder) {}

  template <typename Builder>
  Builder& Next() {
    return static_cast<Builder&>(*builder_.field_builder(next_++));
  }

  static Status AppendValue(arrow::StringBuilder& values, const std::string& value) {
    return values.Append(value);
  }
  static Status AppendValue(arrow::StringBuilder& values, const std::optional<std::string>& value) {
    return value ? values.Append(*value) : values.AppendNull();
  }

  arrow::StructBuilder& builder_;
  int next_ = 0;
};

template <typename FileAction>
std::string PathInLog(const FileAction& action) {
  return action.path_in_log.empty() ? EncodePath(action.path) : action.path_in_log;
}

// Of all columns, in their order.
arrow::FieldVector AllFields(bool with_stats) {
  arrow::FieldVector add{field("path", arrow::utf8()),           field("partitionValues", StringMap()),
                         field("size", arrow::int64()),          field("modificationTime", arrow::int64()),
                         field("dataChange", arrow::boolean()),  field("tags", StringMap()),
                         field("deletionVector", VectorStruct())};
  if (with_stats) add.push_back(field("stats", arrow::utf8()));
  const auto format = arrow::struct_({field("provider", arrow::utf8()), field("options", StringMap())});
  return {field("txn", arrow::struct_({field("appId", arrow::utf8()), field("version", arrow::int64()),
                                       field("lastUpdated", arrow::int64())})),
          field("add", arrow::struct_(add)),
          field("remove",
                arrow::struct_({field("path", arrow::utf8()), field("deletionTimestamp", arrow::int64()),
                                field("dataChange", arrow::boolean()),
                                field("extendedFileMetadata", arrow::boolean()),
                                field("partitionValues", StringMap()), field("size", arrow::int64()),
                                field("deletionVector", VectorStruct())})),
          field("metaData",
                arrow::struct_({field("id", arrow::utf8()), field("name", arrow::utf8()),
                                field("description", arrow::utf8()), field("format", format),
                                field("schemaString", arrow::utf8()), field("partitionColumns", StringList()),
                                field("configuration", StringMap()), field("createdTime", arrow::int64())})),
          field("protocol",
                arrow::struct_(
                    {field("minReaderVersion", arrow::int32()), field("minWriterVersion", arrow::int32()),
                     field("readerFeatures", StringList()), field("writerFeatures", StringList())})),
          field("domainMetadata",
                arrow::struct_({field("domain", arrow::utf8()), field("configuration", arrow::utf8()),
                                field("removed", arrow::boolean())})),
          field("checkpointMetadata",
                arrow::struct_({field("version", arrow::int64()), field("tags", StringMap())})),
          field("sidecar",
                arrow::struct_({field("path", arrow::utf8()), field("sizeInBytes", arrow::int64()),
                                field("modificationTime", arrow::int64()), field("tags", StringMap())}))};
}

}  // namespace

struct CheckpointRows::Builders {
  std::shared_ptr<arrow::Schema> schema;
  bool with_stats = true;
  std::array<std::unique_ptr<arrow::ArrayBuilder>, kColumns> columns;  // null: the file has no such column

  // A row whose action is in `column`.
  arrow::Result<Row> Begin(Column column) {
    for (int other = 0; other < kColumns; ++other) {
      if (other != column && columns[other]) ARROW_RETURN_NOT_OK(columns[other]->AppendNull());
    }
    if (!columns[column]) return Status::Invalid("an action that this file has no column for");
    return Row::Begin(*columns[column]);
  }
};

CheckpointRows::CheckpointRows(std::unique_ptr<Builders> builders) : builders_(std::move(builders)) {}
CheckpointRows::CheckpointRows(CheckpointRows&&) noexcept = default;
CheckpointRows::~CheckpointRows() = default;

arrow::Result<CheckpointRows> CheckpointRows::Make(CheckpointColumns columns, bool with_stats) {
  auto builders = std::make_unique<Builders>();
  builders->with_stats = with_stats;
  arrow::FieldVector fields;
  const arrow::FieldVector all = AllFields(with_stats);
  for (int column = 0; column < kColumns; ++column) {
    if (!HasColumn(columns, column)) continue;
    fields.push_back(all[column]);
    ARROW_ASSIGN_OR_RAISE(builders->columns[column], arrow::MakeBuilder(all[column]->type()));
  }
  builders->schema = arrow::schema(std::move(fields));
  return CheckpointRows(std::move(builders));
}

const std::shared_ptr<arrow::Schema>& CheckpointRows::schema() const {
  return builders_->schema;
}

Status CheckpointRows::Append(const Protocol& protocol) {
  ARROW_ASSIGN_OR_RAISE(Row row, builders_->Begin(kProtocol));
  ARROW_RETURN_NOT_OK(row.Int(protocol.min_reader_version));
  ARROW_RETURN_NOT_OK(row.Int(protocol.min_writer_version));
  ARROW_RETURN_NOT_OK(protocol.min_reader_version >= 3 ? row.Strings(protocol.reader_features) : row.Null());
  ARROW_RETURN_NOT_OK(protocol.min_writer_version >= 7 ? row.Strings(protocol.writer_features) : row.Null());
  ++size_;
  return Status::OK();
}

Status CheckpointRows::Append(const Metadata& metadata) {
  ARROW_ASSIGN_OR_RAISE(Row row, builders_->Begin(kMetadata));
  ARROW_RETURN_NOT_OK(row.String(metadata.id));
  ARROW_RETURN_NOT_OK(row.StringOrNull(metadata.name));
  ARROW_RETURN_NOT_OK(row.StringOrNull(metadata.description));
  ARROW_ASSIGN_OR_RAISE(Row format, row.Struct());
  ARROW_RETURN_NOT_OK(format.String("parquet"));
  ARROW_RETURN_NOT_OK(format.Strings(std::map<std::string, std::string>()));
  ARROW_RETURN_NOT_OK(row.String(ToSchemaString(metadata.schema)));
  ARROW_RETURN_NOT_OK(row.Strings(metadata.partition_columns));
  ARROW_RETURN_NOT_OK(row.Strings(metadata.configuration));
  ARROW_RETURN_NOT_OK(row.Long(metadata.created_time_ms));
  ++size_;
  return Status::OK();
}

Status CheckpointRows::Append(const Txn& txn) {
  ARROW_ASSIGN_OR_RAISE(Row row, builders_->Begin(kTxn));
  ARROW_RETURN_NOT_OK(row.String(txn.app_id));
  ARROW_RETURN_NOT_OK(row.Long(txn.version));
  ARROW_RETURN_NOT_OK(row.Long(txn.last_updated_ms));
  ++size_;
  return Status::OK();
}

Status CheckpointRows::Append(const DomainMetadata& domain) {
  ARROW_ASSIGN_OR_RAISE(Row row, builders_->Begin(kDomainMetadata));
  ARROW_RETURN_NOT_OK(row.String(domain.domain));
  ARROW_RETURN_NOT_OK(row.String(domain.configuration));
  ARROW_RETURN_NOT_OK(row.Bool(domain.removed));
  ++size_;
  return Status::OK();
}

Status CheckpointRows::Append(const Add& add) {
  ARROW_ASSIGN_OR_RAISE(Row row, builders_->Begin(kAdd));
  ARROW_RETURN_NOT_OK(row.String(PathInLog(add)));
  ARROW_RETURN_NOT_OK(row.Strings(add.partition_values));
  ARROW_RETURN_NOT_OK(row.Long(add.size));
  ARROW_RETURN_NOT_OK(row.Long(add.modification_time_ms));
  ARROW_RETURN_NOT_OK(row.Bool(false));
  ARROW_RETURN_NOT_OK(add.tags.empty() ? row.Null() : row.Strings(add.tags));
  ARROW_RETURN_NOT_OK(row.Vector(add.deletion_vector));
  if (builders_->with_stats) ARROW_RETURN_NOT_OK(row.StringOrNull(add.stats));
  ++size_;
  return Status::OK();
}

Status CheckpointRows::Append(const Remove& remove) {
  ARROW_ASSIGN_OR_RAISE(Row row, builders_->Begin(kRemove));
  ARROW_RETURN_NOT_OK(row.String(PathInLog(remove)));
  ARROW_RETURN_NOT_OK(row.Long(remove.deletion_timestamp_ms));
  ARROW_RETURN_NOT_OK(row.Bool(false));
  ARROW_RETURN_NOT_OK(row.Bool(remove.size.has_value()));
  ARROW_RETURN_NOT_OK(remove.size ? row.Strings(remove.partition_values) : row.Null());
  ARROW_RETURN_NOT_OK(row.Long(remove.size));
  ARROW_RETURN_NOT_OK(row.Vector(remove.deletion_vector));
  ++size_;
  return Status::OK();
}

Status CheckpointRows::Append(const CheckpointMetadata& metadata) {
  ARROW_ASSIGN_OR_RAISE(Row row, builders_->Begin(kCheckpointMetadata));
  ARROW_RETURN_NOT_OK(row.Long(metadata.version));
  ARROW_RETURN_NOT_OK(row.Strings(metadata.tags));
  ++size_;
  return Status::OK();
}

Status CheckpointRows::Append(const Sidecar& sidecar) {
  ARROW_ASSIGN_OR_RAISE(Row row, builders_->Begin(kSidecar));
  ARROW_RETURN_NOT_OK(row.String(EncodePath(sidecar.path)));
  ARROW_RETURN_NOT_OK(row.Long(sidecar.size));
  ARROW_RETURN_NOT_OK(row.Long(sidecar.modification_time_ms));
  ARROW_RETURN_NOT_OK(row.Strings(sidecar.tags));
  ++size_;
  return Status::OK();
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> CheckpointRows::Take() {
  arrow::ArrayVector arrays;
  for (const auto& column : builders_->columns) {
    if (!column) continue;
    ARROW_ASSIGN_OR_RAISE(arrays.emplace_back(), column->Finish());
  }
  return arrow::RecordBatch::Make(builders_->schema, std::exchange(size_, 0), std::move(arrays));
}

}  // namespace rtl::delta
