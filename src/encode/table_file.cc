#include "encode/table_file.h"

#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>

#include <exception>
#include <new>
#include <utility>
#include <vector>

#include "encode/delta_stats.h"

namespace rtl::encode {
namespace {

constexpr std::int64_t kGroupRows = 1'000'000;

template <typename Write>
Result<> Guarded(const Write& write) {
  try {
    const arrow::Status status = write();
    if (status.ok()) return {};
    return Fail(status.IsOutOfMemory() ? ErrorKind::kResourceExhausted : ErrorKind::kInternal,
                fmt::format("writing Parquet: {}", status.ToString()));
  } catch (const std::bad_alloc&) {
    return Fail(ErrorKind::kResourceExhausted, "writing Parquet: out of memory");
  } catch (const std::exception& exception) {
    return Fail(ErrorKind::kInternal, fmt::format("writing Parquet: {}", exception.what()));
  }
}

Result<std::shared_ptr<arrow::Schema>> AsStored(const arrow::Schema& schema, const StoredColumns& stored,
                                                std::vector<bool>& counted) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    const StoredColumns::Column column = stored.Of(field->name());
    if (column.field_id >= 0 && field->type()->num_fields() > 0) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("column {} is nested, and the table maps its columns", field->name()));
    }
    fields.push_back(field->WithName(column.stored_as));
    if (column.field_id >= 0) {
      fields.back() = fields.back()->WithMetadata(
          arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(column.field_id)}));
    }
    counted.push_back(column.counted);
  }
  return arrow::schema(std::move(fields));
}

}  // namespace

struct TableFile::Impl {
  std::shared_ptr<arrow::Schema> schema;         // of the rows
  std::shared_ptr<arrow::Schema> stored_schema;  // the same columns as the file names them
  std::size_t always = 0;
  std::shared_ptr<arrow::io::BufferOutputStream> out;
  std::unique_ptr<parquet::arrow::FileWriter> writer;
  std::vector<ColumnStats> stats;
  std::vector<bool> counted;  // columns whose nulls are counted in any case; empty: none
  std::int64_t rows = 0;

  Result<std::shared_ptr<arrow::RecordBatch>> InOrder(const arrow::RecordBatch& batch) const {
    arrow::ArrayVector arrays;
    for (const auto& field : schema->fields()) {
      auto array = batch.GetColumnByName(field->name());
      if (!array) {
        auto nulls = arrow::MakeArrayOfNull(field->type(), batch.num_rows());
        if (!nulls.ok()) return Fail(ErrorKind::kResourceExhausted, nulls.status().ToString());
        array = std::move(nulls).ValueUnsafe();
      } else if (!array->type()->Equals(*field->type())) {
        return Fail(ErrorKind::kBadData, fmt::format("column {} has type {}, not {}", field->name(),
                                                     array->type()->ToString(), field->type()->ToString()));
      }
      arrays.push_back(std::move(array));
    }
    return arrow::RecordBatch::Make(stored_schema, batch.num_rows(), std::move(arrays));
  }
};

TableFile::TableFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TableFile::~TableFile() = default;

Result<std::unique_ptr<TableFile>> TableFile::Create(const std::shared_ptr<arrow::Schema>& schema,
                                                     std::size_t always, const EncodeOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->schema = schema;
  impl->stored_schema = schema;
  impl->always = always;
  impl->stats.resize(static_cast<std::size_t>(schema->num_fields()));
  if (options.stored) {
    RTL_TRY(impl->stored_schema, AsStored(*schema, *options.stored, impl->counted));
  }
  RTL_CHECK(Guarded([&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(impl->out, arrow::io::BufferOutputStream::Create());
    const auto properties = parquet::WriterProperties::Builder()
                                .compression(parquet::Compression::ZSTD)
                                ->compression_level(options.zstd_level)
                                ->max_row_group_length(kGroupRows)
                                ->created_by("rtloader")
                                ->build();
    ARROW_ASSIGN_OR_RAISE(impl->writer,
                          parquet::arrow::FileWriter::Open(*impl->stored_schema, arrow::default_memory_pool(),
                                                           impl->out, properties));
    return impl->writer->NewBufferedRowGroup();
  }));
  return std::unique_ptr<TableFile>(new TableFile(std::move(impl)));
}

Result<> TableFile::Write(const arrow::RecordBatch& batch) {
  RTL_TRY(const auto rows, impl_->InOrder(batch));
  for (int column = 0; column < rows->num_columns(); ++column) {
    impl_->stats[static_cast<std::size_t>(column)].Observe(*rows->column(column));
  }
  impl_->rows += rows->num_rows();
  return Guarded([&] { return impl_->writer->WriteRecordBatch(*rows); });
}

std::int64_t TableFile::rows() const {
  return impl_->rows;
}

std::int64_t TableFile::bytes() const {
  const auto told = impl_->out->Tell();
  return told.ok() ? *told : 0;
}

Result<EncodedFile> TableFile::Finish() {
  EncodedFile file;
  RTL_CHECK(Guarded([&]() -> arrow::Status {
    ARROW_RETURN_NOT_OK(impl_->writer->Close());
    ARROW_ASSIGN_OR_RAISE(const auto buffer, impl_->out->Finish());
    file.bytes = std::string(std::string_view(*buffer));
    return arrow::Status::OK();
  }));
  file.rows = impl_->rows;
  file.stats = StatsJson(impl_->rows, *impl_->stored_schema, impl_->stats, impl_->always, impl_->counted);
  return file;
}

}  // namespace rtl::encode
