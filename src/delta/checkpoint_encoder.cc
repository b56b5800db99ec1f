#include "delta/checkpoint_encoder.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "delta/table_properties.h"

namespace rtl::delta {
namespace {

constexpr std::int64_t kRowGroupRows = 50'000;

// Protocol: "Table Properties", delta.parquet.compression.codec.
parquet::Compression::type CodecOf(const Metadata& metadata) {
  const auto found = metadata.configuration.find("delta.parquet.compression.codec");
  std::string name = found == metadata.configuration.end() ? "zstd" : found->second;
  std::ranges::transform(name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  if (name == "uncompressed" || name == "none") return parquet::Compression::UNCOMPRESSED;
  if (name == "snappy") return parquet::Compression::SNAPPY;
  if (name == "gzip") return parquet::Compression::GZIP;
  if (name == "lz4_raw") return parquet::Compression::LZ4;
  return parquet::Compression::ZSTD;
}

template <typename Write>
Result<> Guarded(const Write& write) {
  try {
    const arrow::Status status = write();
    if (status.ok()) return {};
    const bool memory = status.IsOutOfMemory();
    return Fail(memory ? ErrorKind::kResourceExhausted : ErrorKind::kInternal, status.message());
  } catch (const std::bad_alloc&) {
    return Fail(ErrorKind::kResourceExhausted, "out of memory");
  } catch (const std::exception& exception) {
    return Fail(ErrorKind::kInternal, exception.what());
  }
}

}  // namespace

class CheckpointEncoder::File {
 public:
  static arrow::Result<std::unique_ptr<File>> Open(CheckpointColumns columns, const Metadata& metadata) {
    const bool with_stats = BoolProperty(metadata, "delta.checkpoint.writeStatsAsJson", true);
    ARROW_ASSIGN_OR_RAISE(auto rows, CheckpointRows::Make(columns, with_stats));
    auto file = std::make_unique<File>(std::move(rows));
    ARROW_ASSIGN_OR_RAISE(file->bytes_, arrow::io::BufferOutputStream::Create());
    const auto properties = parquet::WriterProperties::Builder()
                                .compression(CodecOf(metadata))
                                ->max_row_group_length(kRowGroupRows)
                                ->created_by("rtloader")
                                ->build();
    ARROW_ASSIGN_OR_RAISE(
        file->writer_, parquet::arrow::FileWriter::Open(*file->rows_.schema(), arrow::default_memory_pool(),
                                                        file->bytes_, properties));
    return file;
  }
  explicit File(CheckpointRows rows) : rows_(std::move(rows)) {}

  template <typename T>
  arrow::Status Append(const T& action) {
    ARROW_RETURN_NOT_OK(rows_.Append(action));
    ++size_;
    return rows_.size() < kRowGroupRows ? arrow::Status::OK() : Flush();
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> Finish() {
    ARROW_RETURN_NOT_OK(Flush());
    ARROW_RETURN_NOT_OK(writer_->Close());
    return bytes_->Finish();
  }

  std::int64_t size() const { return size_; }

 private:
  arrow::Status Flush() {
    if (rows_.size() == 0) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows_.Take());
    ARROW_RETURN_NOT_OK(writer_->NewBufferedRowGroup());
    return writer_->WriteRecordBatch(*batch);
  }

  CheckpointRows rows_;
  std::shared_ptr<arrow::io::BufferOutputStream> bytes_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  std::int64_t size_ = 0;
};

CheckpointEncoder::CheckpointEncoder(std::unique_ptr<File> file) : file_(std::move(file)) {}
CheckpointEncoder::CheckpointEncoder(CheckpointEncoder&&) noexcept = default;
CheckpointEncoder& CheckpointEncoder::operator=(CheckpointEncoder&&) noexcept = default;
CheckpointEncoder::~CheckpointEncoder() = default;

Result<CheckpointEncoder> CheckpointEncoder::Open(CheckpointColumns columns, const Metadata& metadata) {
  std::unique_ptr<File> file;
  RTL_CHECK(Guarded([&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(file, File::Open(columns, metadata));
    return arrow::Status::OK();
  }));
  return CheckpointEncoder(std::move(file));
}

template <typename T>
Result<> CheckpointEncoder::Append(const T& action) {
  return Guarded([&] { return file_->Append(action); });
}
template Result<> CheckpointEncoder::Append(const Protocol& action);
template Result<> CheckpointEncoder::Append(const Metadata& action);
template Result<> CheckpointEncoder::Append(const Txn& action);
template Result<> CheckpointEncoder::Append(const DomainMetadata& action);
template Result<> CheckpointEncoder::Append(const Add& action);
template Result<> CheckpointEncoder::Append(const Remove& action);
template Result<> CheckpointEncoder::Append(const CheckpointMetadata& action);
template Result<> CheckpointEncoder::Append(const Sidecar& action);

Result<std::shared_ptr<arrow::Buffer>> CheckpointEncoder::Finish() {
  std::shared_ptr<arrow::Buffer> bytes;
  RTL_CHECK(Guarded([&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(bytes, file_->Finish());
    return arrow::Status::OK();
  }));
  return bytes;
}

std::int64_t CheckpointEncoder::size() const {
  return file_->size();
}

}  // namespace rtl::delta
