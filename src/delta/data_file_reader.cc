#include "delta/data_file_reader.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "delta/column_conversion.h"
#include "delta/deletion_vector.h"
#include "delta/deletion_vector_reader.h"
#include "delta/file_columns.h"
#include "delta/parquet_object.h"
#include "delta/partition_value.h"
#include "delta/path_in_store.h"
#include "delta/table_reader.h"

namespace rtl::delta {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// Where one file has the columns.
struct Places {
  std::vector<int> leaves;        // to read, ascending
  std::vector<int> batch_column;  // of each column: its place in the batches read; -1: the file lacks it
};

void AddLeaves(const parquet::arrow::SchemaField& field, std::vector<int>& leaves) {
  if (field.is_leaf()) leaves.push_back(field.column_index);
  for (const auto& child : field.children) AddLeaves(child, leaves);
}

Result<Places> Locate(const std::vector<parquet::arrow::SchemaField>& file, const ReadColumns& columns) {
  arrow::FieldVector fields;
  for (const auto& field : file) fields.push_back(field.field);
  const bool has_ids = columns.mode != MappingMode::kId || HasFieldIds(fields);
  Places places;
  std::vector<int> wanted;  // of the file's columns
  for (const ReadColumn& column : columns.columns) {
    int& at = places.batch_column.emplace_back(-1);
    if (column.is_partition || column.field.type.kind == TypeKind::kVoid) continue;
    // Protocol, "Reader Requirements for Column Mapping": refused, as nulls would hide what the file has.
    if (!has_ids)
      return Fail(ErrorKind::kBadData, "it has no field ids, though the table maps columns by id");
    RTL_TRY(at, FindInFile(fields, column.field, columns.mode));
    if (at >= 0) wanted.push_back(at);
  }
  // Arrow gives the columns in the file's order, each once.
  std::ranges::sort(wanted);
  wanted.erase(std::ranges::unique(wanted).begin(), wanted.end());
  for (const int at : wanted) AddLeaves(file[static_cast<std::size_t>(at)], places.leaves);
  for (int& at : places.batch_column) {
    if (at >= 0) at = static_cast<int>(std::ranges::lower_bound(wanted, at) - wanted.begin());
  }
  return places;
}

// Turns what Arrow reads into the table's rows.
class RowMaker {
 public:
  static Result<RowMaker> Of(const ReadColumns& columns, const Add& add, bool with_positions) {
    RowMaker maker(columns);
    for (const ReadColumn& column : columns.columns) {
      auto& constant = maker.constants_.emplace_back();
      if (!column.is_partition) continue;
      const auto value = add.partition_values.find(column.name_in_log);
      auto parsed = ParsePartitionValue(value == add.partition_values.end() ? std::nullopt : value->second,
                                        column.field.type, columns.partition_zone);
      if (!parsed) return Fail(parsed.error().Wrap(fmt::format("column {}", column.field.name)));
      constant = std::move(*parsed);
    }
    maker.schema_ = columns.schema;
    if (with_positions) {
      RTL_TRY(maker.schema_,
              FromArrow(columns.schema->AddField(columns.schema->num_fields(),
                                                 arrow::field(kPositionColumn, arrow::int64()))));
    }
    maker.with_positions_ = with_positions;
    return maker;
  }

  // The rows of `batch`, the first of which is the file's row `first`; null when none is left.
  Result<BatchPtr> Make(const Places& places, const arrow::RecordBatch& batch, std::int64_t first,
                        const DeletionVector* struck_out) const {
    if (const auto valid = batch.Validate(); !valid.ok()) return Fail(FromArrow(valid));
    const std::int64_t gone = struck_out == nullptr ? 0 : struck_out->CountIn(first, batch.num_rows());
    if (gone == batch.num_rows()) return BatchPtr();
    arrow::ArrayVector arrays;
    for (std::size_t i = 0; i < columns_->columns.size(); ++i) {
      auto values = ValuesOf(i, places.batch_column[i], batch);
      if (!values)
        return Fail(values.error().Wrap(fmt::format("column {}", columns_->columns[i].field.name)));
      arrays.push_back(std::move(*values));
    }
    if (with_positions_) {
      RTL_TRY(arrays.emplace_back(), Positions(first, batch.num_rows()));
    }
    auto rows = arrow::RecordBatch::Make(schema_, batch.num_rows(), std::move(arrays));
    return gone == 0 ? rows : Without(*struck_out, rows, first);
  }

 private:
  explicit RowMaker(const ReadColumns& columns) : columns_(&columns) {}

  Result<std::shared_ptr<arrow::Array>> ValuesOf(std::size_t column, int at,
                                                 const arrow::RecordBatch& batch) const {
    const ReadColumn& wanted = columns_->columns[column];
    if (wanted.is_partition) {
      return FromArrow(arrow::MakeArrayFromScalar(*constants_[column], batch.num_rows()));
    }
    if (at < 0) return FromArrow(arrow::MakeArrayOfNull(wanted.type, batch.num_rows()));
    return ConvertColumn(batch.column(at), wanted.field.type, wanted.type, columns_->mode);
  }

  static Result<std::shared_ptr<arrow::Array>> Positions(std::int64_t first, std::int64_t count) {
    arrow::Int64Builder builder;
    if (const auto reserved = builder.Reserve(count); !reserved.ok()) return Fail(FromArrow(reserved));
    for (std::int64_t row = first; row < first + count; ++row) builder.UnsafeAppend(row);
    return FromArrow(builder.Finish());
  }

  static Result<BatchPtr> Without(const DeletionVector& struck_out, const BatchPtr& rows,
                                  std::int64_t first) {
    const auto kept = arrow::Buffer::FromVector(struck_out.KeptBitmap(first, rows->num_rows()));
    const auto mask = std::make_shared<arrow::BooleanArray>(rows->num_rows(), kept);
    RTL_TRY(const auto filtered, FromArrow(arrow::compute::Filter(arrow::Datum(rows), arrow::Datum(mask))));
    return filtered.record_batch();
  }

  const ReadColumns* columns_;
  std::vector<std::shared_ptr<arrow::Scalar>> constants_;  // of each partition column
  std::shared_ptr<arrow::Schema> schema_;
  bool with_positions_ = false;
};

// One row group.
Result<> ReadGroup(const ParquetObject& object, int group, const Places& places,
                   const std::function<Result<>(const arrow::RecordBatch&)>& take) {
  RTL_TRY(const auto batches, object.ReadRowGroup(group, places.leaves));
  while (true) {
    BatchPtr batch;
    if (const auto next = batches->ReadNext(&batch); !next.ok()) return Fail(FromArrow(next));
    if (!batch) return {};
    RTL_CHECK(take(*batch));
  }
}

}  // namespace

Result<> ReadRows(const Table& table, const ReadColumns& columns, const Add& add,
                  const FileReadOptions& options, const BatchSink& sink) {
  RTL_TRY(const std::string key, KeyInStore(table.store(), table.path(), add.path));
  // Data files are never overwritten, so size and name say which object is meant and no HEAD is needed.
  RTL_TRY(const auto object, ParquetObject::Open(table.store(), {.key = key, .size = add.size},
                                                 std::max<std::int64_t>(options.batch_rows, 1)));
  std::optional<Error> sink_error;  // returned as it is, not as the file's
  std::optional<DeletionVector> struck_out;
  if (add.deletion_vector) {
    const std::int64_t file_rows = object.reader().parquet_reader()->metadata()->num_rows();
    RTL_TRY(struck_out, ReadDeletionVector(table.store(), table.path(), *add.deletion_vector, file_rows));
  }
  auto read = object.Guard([&]() -> Result<> {
    RTL_TRY(const Places places, Locate(object.reader().manifest().schema_fields, columns));
    RTL_TRY(const RowMaker maker, RowMaker::Of(columns, add, options.with_positions));
    std::int64_t position = 0;
    for (int group = 0; group < object.reader().num_row_groups(); ++group) {
      RTL_CHECK(ReadGroup(object, group, places, [&](const arrow::RecordBatch& batch) -> Result<> {
        RTL_TRY(const BatchPtr rows,
                maker.Make(places, batch, position, struck_out ? &*struck_out : nullptr));
        position += batch.num_rows();
        if (!rows) return {};
        auto taken = sink(rows);
        if (!taken) sink_error = taken.error();
        return taken;
      }));
    }
    return {};
  });
  if (sink_error) return Fail(std::move(*sink_error));
  return read;
}

}  // namespace rtl::delta
