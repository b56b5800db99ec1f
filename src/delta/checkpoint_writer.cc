#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <exception>
#include <optional>

#include "core/json_writer.h"
#include "delta/checkpoint_rows.h"
#include "delta/log_listing.h"
#include "delta/log_names.h"
#include "delta/parquet_object.h"
#include "delta/table.h"
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

class Writer {
 public:
  static arrow::Result<Writer> Open(const Metadata& metadata) {
    const bool with_stats = BoolProperty(metadata, "delta.checkpoint.writeStatsAsJson", true);
    ARROW_ASSIGN_OR_RAISE(auto rows, CheckpointRows::Make(with_stats));
    Writer writer(std::move(rows));
    ARROW_ASSIGN_OR_RAISE(writer.bytes_, arrow::io::BufferOutputStream::Create());
    const auto properties = parquet::WriterProperties::Builder()
                                .compression(CodecOf(metadata))
                                ->max_row_group_length(kRowGroupRows)
                                ->created_by("rtloader")
                                ->build();
    ARROW_ASSIGN_OR_RAISE(writer.file_, parquet::arrow::FileWriter::Open(*CheckpointSchema(with_stats),
                                                                         arrow::default_memory_pool(),
                                                                         writer.bytes_, properties));
    return writer;
  }

  template <typename T>
  arrow::Status Append(const T& action) {
    ARROW_RETURN_NOT_OK(rows_.Append(action));
    ++size_;
    return rows_.size() < kRowGroupRows ? arrow::Status::OK() : Flush();
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> Finish() {
    ARROW_RETURN_NOT_OK(Flush());
    ARROW_RETURN_NOT_OK(file_->Close());
    return bytes_->Finish();
  }

  std::int64_t size() const { return size_; }

 private:
  explicit Writer(CheckpointRows rows) : rows_(std::move(rows)) {}

  arrow::Status Flush() {
    if (rows_.size() == 0) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows_.Take());
    ARROW_RETURN_NOT_OK(file_->NewBufferedRowGroup());
    return file_->WriteRecordBatch(*batch);
  }

  CheckpointRows rows_;
  std::shared_ptr<arrow::io::BufferOutputStream> bytes_;
  std::unique_ptr<parquet::arrow::FileWriter> file_;
  std::int64_t size_ = 0;
};

// Writes the files of a replay as they come.
class FileRows final : public ReplaySink {
 public:
  // `expired_before_ms`: tombstones from before are left out (protocol: "Add File and Remove File").
  FileRows(const Metadata& metadata, std::int64_t expired_before_ms)
      : metadata_(metadata), expired_before_ms_(expired_before_ms) {}

  Wants wants() const override { return {.stats = true, .tags = true, .tombstones = true}; }
  void Restart() override {
    writer_.reset();
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
    return Guarded([&]() -> arrow::Status {
      if (!writer_) {
        ARROW_ASSIGN_OR_RAISE(auto writer, Writer::Open(metadata_));
        writer_.emplace(std::move(writer));
      }
      return writer_->Append(action);
    });
  }

  Result<std::shared_ptr<arrow::Buffer>> Finish() {
    std::shared_ptr<arrow::Buffer> bytes;
    RTL_CHECK(Guarded([&]() -> arrow::Status {
      ARROW_ASSIGN_OR_RAISE(bytes, writer_->Finish());
      return arrow::Status::OK();
    }));
    return bytes;
  }
  std::int64_t adds() const { return adds_; }
  std::int64_t actions() const { return writer_->size(); }

 private:
  // What was read must be readable again, so an error here is ours or the memory's.
  template <typename Write>
  static Result<> Guarded(const Write& write) {
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

  const Metadata& metadata_;
  std::int64_t expired_before_ms_;
  std::optional<Writer> writer_;
  std::int64_t adds_ = 0;
};

// The protocol, the metadata and all else that is no file.
class NoFiles final : public ReplaySink {
 public:
  Wants wants() const override { return {.stats = false, .tags = false, .tombstones = false}; }
  void Restart() override {}
  Result<> OnAdd(Add&& /*add*/) override { return {}; }
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

Result<> PutCheckpoint(const Table& table, Version version, Timestamp now) {
  // Two passes: how files are written depends on the metadata, which a replay knows for certain at its end.
  NoFiles no_files;
  RTL_TRY(const TableState state, table.Scan(version, no_files));
  RTL_CHECK(CheckCheckpointable(state));
  FileRows rows(state.metadata, MillisSinceEpoch(now) - DeletedFileRetention(state.metadata).count());
  RTL_TRY(const TableState again, table.Scan(version, rows));
  RTL_CHECK(rows.Append(state.protocol));
  RTL_CHECK(rows.Append(state.metadata));
  for (const auto& [app_id, txn] : state.txns) RTL_CHECK(rows.Append(txn));
  for (const auto& [name, domain] : state.domains) RTL_CHECK(rows.Append(domain));
  RTL_TRY(const auto bytes, rows.Finish());
  const std::string log = table.DataKey("_delta_log/");
  RTL_CHECK(table.store().Put(log + CheckpointName(version), std::string_view(*bytes)));

  // Another writer may be ahead, and the hint should not lead back; a hint to nothing is replaced.
  RTL_TRY(const auto hint, ReadCheckpointHint(table.store(), log));
  if (hint && *hint > version && table.store().Head(log + CheckpointName(*hint))) return {};
  JsonWriter json;
  json.BeginObject();
  json.Key("version").Int(version);
  json.Key("size").Int(rows.actions());
  json.Key("sizeInBytes").Int(bytes->size());
  json.Key("numOfAddFiles").Int(rows.adds());
  json.EndObject();
  return table.store().Put(log + "_last_checkpoint", json.text());
}

}  // namespace

Result<> Table::WriteCheckpoint(Version version) const {
  auto written = PutCheckpoint(*this, version, clock_->Now());
  if (!written) return Fail(written.error().Wrap(fmt::format("{}, checkpoint {}", Uri(), version)));
  return written;
}

}  // namespace rtl::delta
