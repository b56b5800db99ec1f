#include "delta/parquet_object.h"

namespace rtl::delta {

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
    properties.set_pre_buffer(true);  // few large gets instead of one a page
    properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
    parquet::arrow::FileReaderBuilder builder;
    if (auto opened = builder.Open(object.file_); !opened.ok()) return Fail(FromArrow(opened));
    RTL_TRY(object.reader_, FromArrow(builder.properties(properties)->Build()));
    return {};
  }));
  return object;
}

}  // namespace rtl::delta
