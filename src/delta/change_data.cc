#include "delta/change_data.h"

#include <arrow/array/util.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>

#include <algorithm>

#include "core/uuid.h"
#include "delta/column_mapping.h"
#include "delta/parquet_object.h"
#include "delta/table_features.h"

namespace rtl::delta {
namespace {

constexpr const char* kChangeType = "_change_type";

const char* NameOf(ChangeType type) {
  switch (type) {
    case ChangeType::kInsert:
      return "insert";
    case ChangeType::kDelete:
      return "delete";
    case ChangeType::kUpdatePreimage:
      return "update_preimage";
    case ChangeType::kUpdatePostimage:
      return "update_postimage";
  }
  return "insert";
}

// Arrow fails here for want of memory, or through a mistake of ours.
Error WriteError(const arrow::Status& status) {
  return Error(status.IsOutOfMemory() ? ErrorKind::kResourceExhausted : ErrorKind::kInternal,
               fmt::format("writing change data: {}", status.ToString()));
}

Result<> Check(const arrow::Status& status) {
  return status.ok() ? Result<>() : Fail(WriteError(status));
}

template <typename T>
Result<T> Value(arrow::Result<T> result) {
  if (!result.ok()) return Fail(WriteError(result.status()));
  return std::move(result).ValueUnsafe();
}

bool IsNested(const arrow::DataType& type) {
  return type.num_fields() > 0;
}

// One file in the making.
struct OpenFile {
  std::shared_ptr<arrow::Schema> schema;  // of the file
  std::shared_ptr<arrow::io::BufferOutputStream> sink;
  std::unique_ptr<parquet::arrow::FileWriter> writer;
  std::int64_t bytes = 0;
};

Result<OpenFile> Begin(std::shared_ptr<arrow::Schema> schema) {
  OpenFile file{.schema = std::move(schema)};
  RTL_TRY(file.sink, Value(arrow::io::BufferOutputStream::Create()));
  auto properties = parquet::WriterProperties::Builder()
                        .version(parquet::ParquetVersion::PARQUET_2_6)
                        ->compression(parquet::Compression::ZSTD)
                        ->compression_level(1)
                        ->build();
  RTL_TRY(file.writer, Value(parquet::arrow::FileWriter::Open(*file.schema, arrow::default_memory_pool(),
                                                              file.sink, std::move(properties))));
  return file;
}

}  // namespace

bool KeepsChangeData(const Protocol& protocol, const Metadata& metadata) {
  return IsActive(protocol, metadata, "changeDataFeed");
}

struct ChangeDataWriter::Impl {
  // The batch as the file has it: columns under their physical names, with ids, and the kind of change.
  Result<std::shared_ptr<arrow::RecordBatch>> AsStored(ChangeType type,
                                                       const arrow::RecordBatch& rows) const {
    RTL_TRY(const ColumnMapping mapping, ColumnMapping::Of(protocol, metadata));
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const MappedColumn& column : mapping.columns()) {
      const auto array = rows.GetColumnByName(column.name);
      const bool is_partition =
          std::ranges::find(metadata.partition_columns, column.name) != metadata.partition_columns.end();
      if (array == nullptr || is_partition || array->type_id() == arrow::Type::NA) continue;
      if (mapping.maps() && IsNested(*array->type())) {
        if (array->null_count() == array->length()) continue;
        return Fail(ErrorKind::kUnsupported,
                    fmt::format("change data of column {}: it is nested, and the table maps its columns",
                                column.name));
      }
      auto field = arrow::field(column.physical_name, array->type());
      if (column.id) {
        field = field->WithMetadata(
            arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(*column.id)}));
      }
      fields.push_back(std::move(field));
      arrays.push_back(array);
    }
    fields.push_back(arrow::field(kChangeType, arrow::utf8()));
    RTL_TRY(arrays.emplace_back(),
            Value(arrow::MakeArrayFromScalar(arrow::StringScalar(NameOf(type)), rows.num_rows())));
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows.num_rows(), std::move(arrays));
  }

  Result<> EndFile() {
    if (!file) return {};
    OpenFile done = std::move(*std::exchange(file, std::nullopt));
    RTL_CHECK(Check(done.writer->Close()));
    RTL_TRY(const auto bytes, Value(done.sink->Finish()));
    AddCdc cdc;
    cdc.path = fmt::format("_change_data/cdc-{}.parquet", NewUuid());
    cdc.partition_values = partition_values;
    cdc.size = bytes->size();
    RTL_CHECK(table.store().Put(table.DataKey(cdc.path), std::string_view(*bytes)));
    done_files.push_back(std::move(cdc));
    return {};
  }

  Result<> Write(const arrow::RecordBatch& batch) {
    if (file && !file->schema->Equals(*batch.schema(), true)) RTL_CHECK(EndFile());
    if (!file) {
      RTL_TRY(file, Begin(batch.schema()));
    }
    RTL_CHECK(Check(file->writer->WriteRecordBatch(batch)));
    RTL_TRY(const std::int64_t bytes, Value(arrow::util::ReferencedBufferSize(batch)));
    file->bytes += bytes;
    return file->bytes >= window_bytes ? EndFile() : Result<>();
  }

  const Table& table;
  Protocol protocol;
  Metadata metadata;
  PartitionValues partition_values;
  std::int64_t window_bytes;
  std::optional<OpenFile> file;
  std::vector<AddCdc> done_files;
};

ChangeDataWriter::ChangeDataWriter(const Table& table, const Protocol& protocol, const Metadata& metadata,
                                   PartitionValues partition_values, std::int64_t window_bytes)
    : impl_(new Impl{table, protocol, metadata, std::move(partition_values), window_bytes, {}, {}}) {}

ChangeDataWriter::~ChangeDataWriter() = default;

Result<> ChangeDataWriter::Append(ChangeType type, const arrow::RecordBatch& rows) try {
  if (rows.num_rows() == 0) return {};
  RTL_TRY(const auto batch, impl_->AsStored(type, rows));
  return impl_->Write(*batch);
} catch (const std::exception& e) {
  return Fail(WriteError(arrow::Status::UnknownError(e.what())));
}

Result<std::vector<AddCdc>> ChangeDataWriter::Finish() try {
  RTL_CHECK(impl_->EndFile());
  return std::move(impl_->done_files);
} catch (const std::exception& e) {
  return Fail(WriteError(arrow::Status::UnknownError(e.what())));
}

}  // namespace rtl::delta
