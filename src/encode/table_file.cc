#include "encode/table_file.h"

#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <exception>
#include <new>
#include <utility>
#include <vector>

#include "encode/delta_stats.h"
#include "encode/parquet_file.h"

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

// As the file names it.
std::shared_ptr<arrow::Field> StoredField(const arrow::Field& field, const StoredColumns::Column& column) {
  auto stored = field.WithName(column.stored_as);
  if (column.field_id < 0) return stored->RemoveMetadata();
  return stored->WithMetadata(
      arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(column.field_id)}));
}

}  // namespace

struct TableFile::Impl {
  std::shared_ptr<arrow::Schema> schema;  // as rows name the columns
  std::shared_ptr<arrow::Schema> stored;  // as the file does
  std::vector<bool> counted;
  std::vector<std::string> left_out;  // nested columns
  std::size_t always = 0;
  std::shared_ptr<arrow::io::BufferOutputStream> out;
  std::unique_ptr<parquet::arrow::FileWriter> writer;
  std::vector<ColumnStats> stats;
  std::int64_t rows = 0;

  void ChooseColumns(const arrow::Schema& given, const StoredColumns* names) {
    arrow::FieldVector fields;
    arrow::FieldVector stored_fields;
    for (const auto& field : given.fields()) {
      if (field->type()->id() == arrow::Type::NA) continue;
      if (names != nullptr && names->complete && arrow::is_nested(field->type()->id())) {
        left_out.push_back(field->name());
        continue;
      }
      const StoredColumns::Column column = StoredAs(field->name(), names);
      fields.push_back(field);
      stored_fields.push_back(StoredField(*field, column));
      counted.push_back(column.counted);
    }
    schema = arrow::schema(std::move(fields));
    stored = arrow::schema(std::move(stored_fields));
  }

  Result<> CheckLeftOut(const arrow::RecordBatch& batch) const {
    for (const std::string& name : left_out) {
      const auto array = batch.GetColumnByName(name);
      if (!array || array->null_count() == array->length()) continue;
      return Fail(
          ErrorKind::kUnsupported,
          fmt::format("column {}: it is nested and has values, and the table maps its columns", name));
    }
    return {};
  }

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
    return arrow::RecordBatch::Make(stored, batch.num_rows(), std::move(arrays));
  }
};

TableFile::TableFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TableFile::~TableFile() = default;

Result<std::unique_ptr<TableFile>> TableFile::Create(const std::shared_ptr<arrow::Schema>& schema,
                                                     std::size_t always, const EncodeOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->ChooseColumns(*schema, options.stored.get());
  impl->always = always;
  impl->stats.resize(impl->counted.size());
  RTL_CHECK(Guarded([&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(impl->out, arrow::io::BufferOutputStream::Create());
    const auto properties = parquet::WriterProperties::Builder()
                                .compression(parquet::Compression::ZSTD)
                                ->compression_level(options.zstd_level)
                                ->max_row_group_length(kGroupRows)
                                ->created_by("rtloader")
                                ->build();
    ARROW_ASSIGN_OR_RAISE(
        impl->writer,
        parquet::arrow::FileWriter::Open(*impl->stored, arrow::default_memory_pool(), impl->out, properties));
    return impl->writer->NewBufferedRowGroup();
  }));
  return std::unique_ptr<TableFile>(new TableFile(std::move(impl)));
}

Result<> TableFile::Write(const arrow::RecordBatch& batch) {
  RTL_CHECK(impl_->CheckLeftOut(batch));
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
  file.stats = StatsJson(impl_->rows, *impl_->stored, impl_->stats, impl_->always, impl_->counted);
  return file;
}

}  // namespace rtl::encode
