#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <exception>
#include <vector>

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

// Sorted, so that the same state gives the same file whoever writes it.
template <typename Map>
std::vector<const typename Map::mapped_type*> SortedByKey(const Map& map) {
  std::vector<const typename Map::value_type*> entries;
  entries.reserve(map.size());
  for (const auto& entry : map) entries.push_back(&entry);
  std::ranges::sort(entries, {}, [](const auto* entry) -> const std::string& { return entry->first; });
  std::vector<const typename Map::mapped_type*> values;
  values.reserve(entries.size());
  for (const auto* entry : entries) values.push_back(&entry->second);
  return values;
}

struct Encoded {
  std::shared_ptr<arrow::Buffer> bytes;
  std::int64_t actions = 0;
};

arrow::Result<Encoded> Encode(const TableState& state) {
  ARROW_ASSIGN_OR_RAISE(Writer writer, Writer::Open(state.metadata));
  ARROW_RETURN_NOT_OK(writer.Append(state.protocol));
  ARROW_RETURN_NOT_OK(writer.Append(state.metadata));
  for (const auto& [app_id, txn] : state.txns) ARROW_RETURN_NOT_OK(writer.Append(txn));
  for (const Remove* remove : SortedByKey(state.tombstones)) ARROW_RETURN_NOT_OK(writer.Append(*remove));
  for (const Add* add : SortedByKey(state.adds)) ARROW_RETURN_NOT_OK(writer.Append(*add));
  Encoded encoded{.actions = writer.size()};
  ARROW_ASSIGN_OR_RAISE(encoded.bytes, writer.Finish());
  return encoded;
}

// What was read must be readable again, so an error here is ours or the memory's.
Result<Encoded> EncodeGuarded(const TableState& state) {
  try {
    auto encoded = Encode(state);
    if (encoded.ok()) return std::move(encoded).ValueUnsafe();
    const bool memory = encoded.status().IsOutOfMemory();
    return Fail(memory ? ErrorKind::kResourceExhausted : ErrorKind::kInternal, encoded.status().message());
  } catch (const std::bad_alloc&) {
    return Fail(ErrorKind::kResourceExhausted, "out of memory");
  } catch (const std::exception& exception) {
    return Fail(ErrorKind::kInternal, exception.what());
  }
}

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

Result<> PutCheckpoint(const Table& table, const TableState& state) {
  RTL_CHECK(CheckCheckpointable(state));
  RTL_TRY(const Encoded encoded, EncodeGuarded(state));
  const std::string log = table.DataKey("_delta_log/");
  RTL_CHECK(table.store().Put(log + CheckpointName(state.version), std::string_view(*encoded.bytes)));

  // Another writer may be ahead, and the hint should not lead back; a hint to nothing is replaced.
  RTL_TRY(const auto hint, ReadCheckpointHint(table.store(), log));
  if (hint && *hint > state.version && table.store().Head(log + CheckpointName(*hint))) return {};
  JsonWriter json;
  json.BeginObject();
  json.Key("version").Int(state.version);
  json.Key("size").Int(encoded.actions);
  json.Key("sizeInBytes").Int(encoded.bytes->size());
  json.Key("numOfAddFiles").Int(static_cast<std::int64_t>(state.adds.size()));
  json.EndObject();
  return table.store().Put(log + "_last_checkpoint", json.text());
}

}  // namespace

Result<> Table::WriteCheckpoint(const TableState& state) const {
  auto written = PutCheckpoint(*this, state);
  if (!written) return Fail(written.error().Wrap(fmt::format("{}, checkpoint {}", Uri(), state.version)));
  return written;
}

}  // namespace rtl::delta
