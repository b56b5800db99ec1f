#include "encode/parquet_file.h"

#include <arrow/array/util.h>
#include <arrow/io/interfaces.h>
#include <fmt/format.h>
#include <parquet/column_writer.h>
#include <parquet/exception.h>
#include <parquet/file_writer.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <algorithm>
#include <new>
#include <unordered_set>

namespace rtl::encode {
namespace {

constexpr std::int64_t kMaxGroupRows = 1'000'000;
constexpr std::int64_t kSampledRows = 1000;
// Compressing a column of fewer bytes costs more time than it saves room.
constexpr std::int64_t kMinCompressedBytes = 1024;
// Below it a column is one page, which an index of pages says nothing about.
constexpr std::int64_t kMinIndexedBytes = 1 << 20;

// Arrow's own buffer stream ends in a buffer that would have to be copied into the file's string.
class StringSink final : public arrow::io::OutputStream {
 public:
  arrow::Status Write(const void* data, std::int64_t size) override {
    bytes_.append(static_cast<const char*>(data), static_cast<std::size_t>(size));
    return arrow::Status::OK();
  }
  using Writable::Write;
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  arrow::Result<std::int64_t> Tell() const override { return static_cast<std::int64_t>(bytes_.size()); }
  bool closed() const override { return closed_; }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
  bool closed_ = false;
};

// `field`: named as the file names it.
Result<parquet::schema::NodePtr> ParquetNode(const arrow::Field& field, std::int32_t id) {
  using parquet::LogicalType;
  using parquet::Repetition;
  using parquet::schema::PrimitiveNode;
  const auto make = [&](const std::shared_ptr<const LogicalType>& logical, parquet::Type::type physical) {
    return PrimitiveNode::Make(field.name(), Repetition::OPTIONAL, logical, physical, -1, id);
  };
  switch (field.type()->id()) {
    case arrow::Type::STRING:
      return make(LogicalType::String(), parquet::Type::BYTE_ARRAY);
    case arrow::Type::BINARY:
      return make(LogicalType::None(), parquet::Type::BYTE_ARRAY);
    case arrow::Type::INT64:
      return make(LogicalType::None(), parquet::Type::INT64);
    case arrow::Type::DOUBLE:
      return make(LogicalType::None(), parquet::Type::DOUBLE);
    case arrow::Type::BOOL:
      return make(LogicalType::None(), parquet::Type::BOOLEAN);
    case arrow::Type::TIMESTAMP:
      if (static_cast<const arrow::TimestampType&>(*field.type()).unit() != arrow::TimeUnit::MICRO) break;
      return make(LogicalType::Timestamp(true, LogicalType::TimeUnit::MICROS), parquet::Type::INT64);
    default:
      break;
  }
  return Fail(ErrorKind::kInternal,
              fmt::format("column {}: no Parquet form for {}", field.name(), field.type()->ToString()));
}

// A dictionary costs a hash for each value; it pays where values repeat. The sample is scattered, lest it
// fall in step with values that come in turns.
template <typename ArrowArray>
bool Repeats(const ArrowArray& array) {
  const std::int64_t rows = array.length();
  const std::int64_t sampled = std::min(rows, kSampledRows);
  using Value = std::remove_cvref_t<decltype(array.GetView(0))>;
  std::unordered_set<Value> distinct;
  for (std::int64_t i = 0; i < sampled; ++i) {
    const std::int64_t row = sampled == rows ? i : i * 0x9E3779B1 % rows;
    if (!array.IsNull(row)) distinct.insert(array.GetView(row));
  }
  return static_cast<std::int64_t>(distinct.size()) * 4 <= sampled;
}

bool HasPayload(const arrow::StringArray& array) {
  const std::int64_t rows = std::min(array.length(), kSampledRows);
  for (std::int64_t i = 0; i < rows; ++i) {
    if (!array.IsNull(i) && IsPayload(array.GetView(i))) return true;
  }
  return false;
}

struct Traits {
  bool dictionary = false;
  bool statistics = true;  // Parquet's own, in footer and page index
};

Traits TraitsOf(const arrow::Array& array) {
  switch (array.type_id()) {
    case arrow::Type::STRING: {
      const auto& strings = static_cast<const arrow::StringArray&>(array);
      if (HasPayload(strings)) return {.dictionary = false, .statistics = false};
      return {.dictionary = Repeats(strings)};
    }
    case arrow::Type::INT64:
      return {.dictionary = Repeats(static_cast<const arrow::Int64Array&>(array))};
    case arrow::Type::TIMESTAMP:
      return {.dictionary = Repeats(static_cast<const arrow::TimestampArray&>(array))};
    case arrow::Type::BINARY:
      return {.dictionary = false, .statistics = false};
    default:
      return {};
  }
}

std::int64_t DataBytes(const arrow::Array& array) {
  const std::int64_t rows = array.length();
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return static_cast<const arrow::BinaryArray&>(array).total_values_length() + rows * 4;
    case arrow::Type::BOOL:
      return rows / 8;
    default:
      return rows * 8;
  }
}

// Parquet's writer knows timestamps by their integers.
std::shared_ptr<arrow::Array> AsWritten(const std::shared_ptr<arrow::Array>& array) {
  if (array->type_id() != arrow::Type::TIMESTAMP) return array;
  auto data = array->data()->Copy();
  data->type = arrow::int64();
  return arrow::MakeArray(data);
}

Error WriteError(const std::exception& e) {
  const bool memory = dynamic_cast<const std::bad_alloc*>(&e) != nullptr;
  return Error(memory ? ErrorKind::kResourceExhausted : ErrorKind::kInternal,
               fmt::format("writing Parquet: {}", e.what()));
}

}  // namespace

std::int64_t DataBytes(const arrow::RecordBatch& batch) {
  std::int64_t bytes = 0;
  for (const auto& column : batch.columns()) bytes += DataBytes(*column);
  return bytes;
}

StoredColumns::Column StoredAs(const std::string& name, const StoredColumns* stored) {
  if (stored == nullptr) return {.name = name, .stored_as = name};
  const auto known = std::ranges::find(stored->columns, name, &StoredColumns::Column::name);
  if (known != stored->columns.end()) return *known;
  return {.name = name, .stored_as = stored->complete ? "unnamed " + name : name};
}

struct ParquetFile::Writer {
  std::shared_ptr<StringSink> sink = std::make_shared<StringSink>();
  std::shared_ptr<parquet::ArrowWriterProperties> arrow_properties;
  std::unique_ptr<parquet::ArrowWriteContext> context;
  std::unique_ptr<parquet::ParquetFileWriter> file;
  parquet::RowGroupWriter* group = nullptr;
};

ParquetFile::ParquetFile() = default;
ParquetFile::~ParquetFile() {
  // An unfinished file is given up; its writer would otherwise end it when destroyed, and may throw doing so.
  if (!writer_ || !writer_->file) return;
  try {
    writer_->file.reset();
  } catch (const std::exception&) {
    writer_->file.release();  // NOLINT(bugprone-unused-return-value): nothing sound is left to destroy
  }
}

Result<std::unique_ptr<ParquetFile>> ParquetFile::Create(const arrow::RecordBatch& first, bool only,
                                                         std::size_t always,
                                                         const EncodeOptions& options) try {
  std::unique_ptr<ParquetFile> self(new ParquetFile());
  self->schema_ = first.schema();
  self->always_ = always;
  self->stats_.resize(static_cast<std::size_t>(first.num_columns()));
  self->stored_schema_ = self->schema_;
  std::vector<std::int32_t> ids(self->stats_.size(), -1);
  if (options.stored) {
    arrow::FieldVector fields;
    self->counted_.resize(self->stats_.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto& field = first.schema()->field(static_cast<int>(i));
      const StoredColumns::Column column = StoredAs(field->name(), options.stored.get());
      fields.push_back(field->WithName(column.stored_as));
      ids[i] = column.field_id;
      self->counted_[i] = column.counted;
    }
    self->stored_schema_ = arrow::schema(std::move(fields));
  }

  parquet::WriterProperties::Builder properties;
  properties.version(parquet::ParquetVersion::PARQUET_2_6)
      ->data_page_version(parquet::ParquetDataPageVersion::V1)
      ->encoding(parquet::Encoding::PLAIN)
      ->disable_dictionary()
      ->max_row_group_length(kMaxGroupRows);
  if (only && DataBytes(first) < kMinIndexedBytes) {
    properties.disable_write_page_index();
  } else {
    properties.enable_write_page_index();
  }
  parquet::schema::NodeVector nodes;
  for (int i = 0; i < first.num_columns(); ++i) {
    const arrow::Field& field = *self->stored_schema_->field(i);
    RTL_TRY(auto node, ParquetNode(field, ids[static_cast<std::size_t>(i)]));
    nodes.push_back(std::move(node));
    const Traits traits = TraitsOf(*first.column(i));
    if (traits.dictionary) properties.enable_dictionary(field.name());
    const bool little = only && DataBytes(*first.column(i)) < kMinCompressedBytes;
    if (!little) {
      properties.compression(field.name(), parquet::Compression::ZSTD);
      properties.compression_level(field.name(), options.zstd_level);
    }
    if (!traits.statistics) properties.disable_statistics(field.name());
  }
  auto root = std::static_pointer_cast<parquet::schema::GroupNode>(
      parquet::schema::GroupNode::Make("schema", parquet::Repetition::REQUIRED, nodes));

  self->writer_ = std::make_unique<Writer>();
  Writer& writer = *self->writer_;
  writer.arrow_properties = parquet::default_arrow_writer_properties();
  writer.context = std::make_unique<parquet::ArrowWriteContext>(arrow::default_memory_pool(),
                                                                writer.arrow_properties.get());
  writer.file = parquet::ParquetFileWriter::Open(writer.sink, std::move(root), properties.build());
  return self;
} catch (const std::exception& e) {
  return Fail(WriteError(e));
}

bool ParquetFile::Holds(const arrow::Schema& schema) const {
  return std::ranges::all_of(schema.fields(), [&](const auto& field) {
    const auto own = schema_->GetFieldByName(field->name());
    return own != nullptr && own->type()->Equals(*field->type());
  });
}

Result<> ParquetFile::Write(const arrow::RecordBatch& whole) try {
  for (std::int64_t start = 0; start < whole.num_rows();) {
    Writer& writer = *writer_;
    if (writer.group == nullptr || group_rows_ >= kMaxGroupRows) {
      writer.group = writer.file->AppendBufferedRowGroup();  // ends the one before
      group_rows_ = 0;
    }
    const std::int64_t rows = std::min(whole.num_rows() - start, kMaxGroupRows - group_rows_);
    const auto batch = whole.Slice(start, rows);
    for (int i = 0; i < schema_->num_fields(); ++i) {
      const arrow::Field& field = *schema_->field(i);
      std::shared_ptr<arrow::Array> array = batch->GetColumnByName(field.name());
      if (array == nullptr) {
        PARQUET_ASSIGN_OR_THROW(array, arrow::MakeArrayOfNull(field.type(), rows));
      }
      stats_[static_cast<std::size_t>(i)].Observe(*array);
      data_bytes_ += DataBytes(*array);
      definition_levels_.assign(static_cast<std::size_t>(rows), 1);
      if (array->null_count() > 0) {
        for (std::int64_t row = 0; row < rows; ++row) {
          if (array->IsNull(row)) definition_levels_[static_cast<std::size_t>(row)] = 0;
        }
      }
      PARQUET_THROW_NOT_OK(writer.group->column(i)->WriteArrow(
          definition_levels_.data(), nullptr, rows, *AsWritten(array), writer.context.get(), true));
    }
    start += rows;
    rows_ += rows;
    group_rows_ += rows;
  }
  return {};
} catch (const std::exception& e) {
  return Fail(WriteError(e));
}

Result<EncodedFile> ParquetFile::Finish() try {
  writer_->file->Close();
  writer_->file.reset();
  return EncodedFile{.bytes = writer_->sink->Take(),
                     .rows = rows_,
                     .stats = StatsJson(rows_, *stored_schema_, stats_, always_, counted_)};
} catch (const std::exception& e) {
  return Fail(WriteError(e));
}

}  // namespace rtl::encode
