#include "delta/parquet_object.h"

#include <arrow/record_batch.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <algorithm>

namespace rtl::delta {
namespace {

store::ByteRange RangeOf(const parquet::ColumnChunkMetaData& column) {
  std::int64_t begin = column.data_page_offset();
  if (column.has_dictionary_page() && column.dictionary_page_offset() > 0) {
    begin = std::min(begin, column.dictionary_page_offset());
  }
  return {.offset = begin, .length = column.total_compressed_size()};
}

}  // namespace

Error FromArrow(const arrow::Status& status) {
  return {status.IsOutOfMemory() ? ErrorKind::kResourceExhausted : ErrorKind::kBadData, status.message()};
}

Result<> ParquetObject::WithContext(Result<> result) const {
  if (result) return result;
  // An error of the caller's own has another kind than damage and passes.
  if (result.error().kind() == ErrorKind::kBadData) {
    if (const auto error = file_->store_error()) return Fail(error->Wrap(key_));
  }
  return Fail(result.error().Wrap(key_));
}

Result<ParquetObject> ParquetObject::Open(store::ObjectStore& store, const store::ObjectInfo& info,
                                          std::int64_t batch_rows) {
  ParquetObject object(std::make_shared<ObjectFile>(store, info), info.key);
  RTL_CHECK(object.Guard([&]() -> Result<> {
    parquet::ArrowReaderProperties properties;
    properties.set_batch_size(batch_rows);
    properties.set_use_threads(false);
    properties.set_pre_buffer(false);  // would read on threads of Arrow's own
    properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
    parquet::arrow::FileReaderBuilder builder;
    if (auto opened = builder.Open(object.file_); !opened.ok()) return Fail(FromArrow(opened));
    RTL_TRY(object.reader_, FromArrow(builder.properties(properties)->Build()));
    return {};
  }));
  return object;
}

Result<std::unique_ptr<arrow::RecordBatchReader>> ParquetObject::ReadRowGroup(
    int group, const std::vector<int>& leaves) const {
  const auto metadata = reader_->parquet_reader()->metadata()->RowGroup(group);
  std::vector<store::ByteRange> parts;
  parts.reserve(leaves.size());
  for (const int leaf : leaves) parts.push_back(RangeOf(*metadata->ColumnChunk(leaf)));
  if (const auto fetched = file_->Prefetch(std::move(parts)); !fetched.ok()) return Fail(FromArrow(fetched));
  return FromArrow(reader_->GetRecordBatchReader({group}, leaves));
}

}  // namespace rtl::delta
