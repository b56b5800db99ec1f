#include "encode/parquet_encoder.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "encode/parquet_file.h"

namespace rtl::encode {
namespace {

constexpr std::size_t kOriginColumns = 4;
constexpr std::int64_t kRejectBatchBytes = 4 << 20;  // lines gathered before they are written

// Building arrays fails only for want of memory.
Result<> Check(const arrow::Status& status) {
  if (status.ok()) return {};
  return Fail(status.IsOutOfMemory() ? ErrorKind::kResourceExhausted : ErrorKind::kInternal,
              fmt::format("building columns: {}", status.ToString()));
}

std::shared_ptr<arrow::DataType> TimestampType() {
  return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
}

Result<std::shared_ptr<arrow::Array>> Repeated(const std::string& value, std::int64_t rows) {
  arrow::StringBuilder builder;
  RTL_CHECK(Check(builder.Reserve(rows)));
  RTL_CHECK(Check(builder.ReserveData(rows * static_cast<std::int64_t>(value.size()))));
  for (std::int64_t i = 0; i < rows; ++i) builder.UnsafeAppend(value);
  std::shared_ptr<arrow::Array> array;
  RTL_CHECK(Check(builder.Finish(&array)));
  return array;
}

Result<std::shared_ptr<arrow::Array>> Repeated(std::int64_t value, std::int64_t rows,
                                               const std::shared_ptr<arrow::DataType>& type) {
  arrow::TypedBufferBuilder<std::int64_t> builder;
  RTL_CHECK(Check(builder.Append(rows, value)));
  std::shared_ptr<arrow::Buffer> buffer;
  RTL_CHECK(Check(builder.Finish(&buffer)));
  return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {nullptr, std::move(buffer)}, 0));
}

// Batches into as few files as the window allows.
class FileSeries {
 public:
  FileSeries(RowEncoder::Sink sink, std::size_t always, EncodeOptions options)
      : sink_(std::move(sink)), always_(always), options_(std::move(options)) {}

  Result<> Append(std::shared_ptr<arrow::RecordBatch> batch) {
    RTL_CHECK(WriteWaiting(false));
    if (file_ && !file_->Holds(*batch->schema())) RTL_CHECK(EndFile());
    if (!file_ && DataBytes(*batch) < kSmallBatchBytes) {
      waiting_ = std::move(batch);
      return {};
    }
    return Write(*batch, false);
  }

  Result<> Finish() {
    RTL_CHECK(WriteWaiting(true));
    return EndFile();
  }

 private:
  // Waits to be told whether it is the whole file: most customers' files are one small batch.
  static constexpr std::int64_t kSmallBatchBytes = 256 << 10;

  Result<> WriteWaiting(bool only) {
    if (!waiting_) return {};
    return Write(*std::exchange(waiting_, nullptr), only);
  }

  Result<> Write(const arrow::RecordBatch& batch, bool only) {
    if (!file_) {
      RTL_TRY(file_, ParquetFile::Create(batch, only, always_, options_));
    }
    RTL_CHECK(file_->Write(batch));
    if (file_->data_bytes() >= options_.window_bytes) return EndFile();
    return {};
  }

  Result<> EndFile() {
    if (!file_) return {};
    const auto file = std::exchange(file_, nullptr);
    RTL_TRY(EncodedFile encoded, file->Finish());
    return sink_(std::move(encoded));
  }

  RowEncoder::Sink sink_;
  std::size_t always_;
  EncodeOptions options_;
  std::shared_ptr<arrow::RecordBatch> waiting_;
  std::unique_ptr<ParquetFile> file_;
};

}  // namespace

struct OriginColumns::Impl {
  explicit Impl(RowOrigin o) : origin(std::move(o)) {}

  // The origin's columns for a number of rows, remembered: slices of a file are much alike.
  Result<> FillOrigin(std::int64_t rows) {
    if (origin_rows < rows) {
      RTL_TRY(columns[0], Repeated(origin.source_file, rows));
      RTL_TRY(columns[1], Repeated(origin.source_version, rows));
      RTL_TRY(columns[2], Repeated(origin.file_version, rows, arrow::int64()));
      RTL_TRY(columns[3], Repeated(MicrosSinceEpoch(origin.ingest_time), rows, TimestampType()));
      origin_rows = rows;
    }
    return {};
  }

  RowOrigin origin;
  std::int64_t origin_rows = -1;
  std::array<std::shared_ptr<arrow::Array>, kOriginColumns> columns;
};

OriginColumns::OriginColumns(RowOrigin origin) : impl_(std::make_unique<Impl>(std::move(origin))) {}
OriginColumns::~OriginColumns() = default;

Result<std::shared_ptr<arrow::RecordBatch>> OriginColumns::AddTo(const arrow::RecordBatch& batch) {
  const std::int64_t rows = batch.num_rows();
  RTL_CHECK(impl_->FillOrigin(rows));
  static const arrow::FieldVector origin_fields = {
      arrow::field("source_file", arrow::utf8()), arrow::field("source_version", arrow::utf8()),
      arrow::field("file_version", arrow::int64()), arrow::field("ingest_time", TimestampType())};
  arrow::FieldVector fields = batch.schema()->fields();
  arrow::ArrayVector arrays = batch.columns();
  for (std::size_t i = 0; i < kOriginColumns; ++i) {
    fields.push_back(origin_fields[i]);
    arrays.push_back(impl_->columns[i]->Slice(0, rows));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(arrays));
}

struct RowEncoder::Impl {
  Impl(RowOrigin o, Sink sink, EncodeOptions options)
      : origin(std::move(o)), files(std::move(sink), kOriginColumns, std::move(options)) {}

  OriginColumns origin;
  FileSeries files;
};

RowEncoder::RowEncoder(RowOrigin origin, Sink sink, EncodeOptions options)
    : impl_(std::make_unique<Impl>(std::move(origin), std::move(sink), std::move(options))) {}
RowEncoder::~RowEncoder() = default;

Result<> RowEncoder::Append(const DecodedSlice& slice) {
  if (slice.rows == nullptr || slice.rows->num_rows() == 0) return {};
  RTL_TRY(auto batch, impl_->origin.AddTo(*slice.rows));
  return impl_->files.Append(std::move(batch));
}

Result<> RowEncoder::Finish() {
  return impl_->files.Finish();
}

struct RejectEncoder::Impl {
  Impl(RowOrigin o, RowEncoder::Sink sink, EncodeOptions options)
      : origin(std::move(o)), files(std::move(sink), kOriginColumns, std::move(options)) {}

  Result<> Flush() {
    const std::int64_t rows = line_number.length();
    if (rows == 0) return {};
    arrow::ArrayVector arrays(8);
    RTL_TRY(arrays[0], Repeated(origin.source_file, rows));
    RTL_TRY(arrays[1], Repeated(origin.source_version, rows));
    RTL_TRY(arrays[2], Repeated(origin.file_version, rows, arrow::int64()));
    RTL_CHECK(Check(line_number.Finish(&arrays[3])));
    RTL_CHECK(Check(byte_offset.Finish(&arrays[4])));
    RTL_CHECK(Check(reason.Finish(&arrays[5])));
    RTL_CHECK(Check(raw_line.Finish(&arrays[6])));
    RTL_TRY(arrays[7], Repeated(MicrosSinceEpoch(origin.ingest_time), rows, TimestampType()));
    bytes = 0;
    static const auto schema = arrow::schema(
        {arrow::field("source_file", arrow::utf8()), arrow::field("source_version", arrow::utf8()),
         arrow::field("file_version", arrow::int64()), arrow::field("line_number", arrow::int64()),
         arrow::field("byte_offset", arrow::int64()), arrow::field("reason", arrow::utf8()),
         arrow::field("raw_line", arrow::binary()), arrow::field("ingest_time", TimestampType())});
    return files.Append(arrow::RecordBatch::Make(schema, rows, std::move(arrays)));
  }

  Result<> Add(const RejectedLine& line) {
    RTL_CHECK(Check(line_number.Append(line.line_number)));
    RTL_CHECK(Check(byte_offset.Append(line.byte_offset)));
    RTL_CHECK(Check(reason.Append(line.reason)));
    RTL_CHECK(Check(raw_line.Append(line.bytes)));
    bytes += static_cast<std::int64_t>(line.bytes.size() + line.reason.size());
    return bytes >= kRejectBatchBytes ? Flush() : Result<>();
  }

  RowOrigin origin;
  FileSeries files;
  std::int64_t bytes = 0;
  arrow::Int64Builder line_number;
  arrow::Int64Builder byte_offset;
  arrow::StringBuilder reason;
  arrow::BinaryBuilder raw_line;
};

RejectEncoder::RejectEncoder(RowOrigin origin, RowEncoder::Sink sink, EncodeOptions options)
    : impl_(std::make_unique<Impl>(std::move(origin), std::move(sink), std::move(options))) {}
RejectEncoder::~RejectEncoder() = default;

Result<> RejectEncoder::Append(const std::vector<RejectedLine>& rejects) {
  for (const RejectedLine& line : rejects) RTL_CHECK(impl_->Add(line));
  return {};
}

Result<> RejectEncoder::Finish() {
  RTL_CHECK(impl_->Flush());
  return impl_->files.Finish();
}

Result<EncodedFile> EncodeBatch(const arrow::RecordBatch& batch, const EncodeOptions& options) {
  RTL_TRY(const auto file, ParquetFile::Create(batch, true, 0, options));
  RTL_CHECK(file->Write(batch));
  return file->Finish();
}

}  // namespace rtl::encode
