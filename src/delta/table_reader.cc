#include "delta/table_reader.h"

#include <arrow/array/builder_primitive.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/arrow/schema.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "delta/column_conversion.h"
#include "delta/deletion_vector_reader.h"
#include "delta/parquet_object.h"

namespace rtl::delta {
namespace {

// One column asked for, and where its values are.
struct Column {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  bool is_partition = false;
  std::optional<std::string> partition_value;
  int leaf = -1;           // of the Parquet file; -1 when it lacks the column
  int batch_position = 0;  // among the leaves read
};

Result<Column> MakeColumn(const Field& field, const TableState& state, const Add& add) {
  Column column{.name = field.name};
  auto type = ArrowTypeOf(field.type);
  if (!type) return Fail(type.error().Wrap(fmt::format("column {}", field.name)));
  column.type = std::move(*type);
  const auto& partitions = state.metadata.partition_columns;
  column.is_partition = std::ranges::find(partitions, field.name) != partitions.end();
  if (column.is_partition) {
    const auto value = add.partition_values.find(field.name);
    if (value != add.partition_values.end()) column.partition_value = value->second;
  }
  return column;
}

Result<std::vector<Column>> MakeColumns(const TableState& state, const Add& add,
                                        const std::vector<std::string>& names) {
  std::vector<Column> columns;
  if (names.empty()) {
    for (const Field& field : state.metadata.schema.fields) {
      RTL_TRY(columns.emplace_back(), MakeColumn(field, state, add));
    }
    return columns;
  }
  for (const std::string& name : names) {
    const Field* field = state.metadata.schema.Find(name);
    if (field == nullptr) return Fail(ErrorKind::kNotFound, fmt::format("the table has no column {}", name));
    RTL_TRY(columns.emplace_back(), MakeColumn(*field, state, add));
  }
  return columns;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

using FileFields = std::vector<parquet::arrow::SchemaField>;

// The exact spelling, else the one that differs in case only: names of a table are unique regardless of case.
const parquet::arrow::SchemaField* FindField(const FileFields& fields, std::string_view name) {
  const parquet::arrow::SchemaField* found = nullptr;
  for (const auto& field : fields) {
    if (field.field->name() == name) return &field;
    if (found == nullptr && EqualsIgnoringCase(field.field->name(), name)) found = &field;
  }
  return found;
}

// Fills in where each column is; returns the leaves to read.
Result<std::vector<int>> Locate(const FileFields& fields, std::vector<Column>& columns) {
  std::vector<int> leaves;
  for (Column& column : columns) {
    if (column.is_partition || column.type->id() == arrow::Type::NA) continue;
    const auto* field = FindField(fields, column.name);
    if (field == nullptr) continue;
    if (!field->is_leaf()) {
      return Fail(ErrorKind::kBadData, fmt::format("column {} is nested in the file", column.name));
    }
    column.leaf = field->column_index;
    leaves.push_back(column.leaf);
  }
  // Arrow gives the columns in the file's order, each once.
  std::ranges::sort(leaves);
  leaves.erase(std::ranges::unique(leaves).begin(), leaves.end());
  for (Column& column : columns) {
    column.batch_position = static_cast<int>(std::ranges::lower_bound(leaves, column.leaf) - leaves.begin());
  }
  return leaves;
}

Result<std::shared_ptr<arrow::Array>> ValuesOf(const Column& column, const arrow::RecordBatch& batch) {
  if (column.is_partition) return PartitionColumn(column.partition_value, column.type, batch.num_rows());
  if (column.leaf < 0) return FromArrow(arrow::MakeArrayOfNull(column.type, batch.num_rows()));
  return ConvertColumn(batch.column(column.batch_position), column.type);
}

Result<std::shared_ptr<arrow::RecordBatch>> AsTable(const std::vector<Column>& columns,
                                                    const std::shared_ptr<arrow::Schema>& schema,
                                                    const arrow::RecordBatch& batch) {
  if (const auto valid = batch.Validate(); !valid.ok()) return Fail(FromArrow(valid));
  arrow::ArrayVector arrays;
  for (const Column& column : columns) {
    auto values = ValuesOf(column, batch);
    if (!values) return Fail(values.error().Wrap(fmt::format("column {}", column.name)));
    arrays.push_back(std::move(*values));
  }
  return arrow::RecordBatch::Make(schema, batch.num_rows(), std::move(arrays));
}

Result<std::shared_ptr<arrow::RecordBatch>> WithPositions(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                          std::int64_t first) {
  arrow::Int64Builder builder;
  if (const auto reserved = builder.Reserve(rows->num_rows()); !reserved.ok())
    return Fail(FromArrow(reserved));
  for (std::int64_t row = 0; row < rows->num_rows(); ++row) builder.UnsafeAppend(first + row);
  std::shared_ptr<arrow::Array> positions;
  if (const auto finished = builder.Finish(&positions); !finished.ok()) return Fail(FromArrow(finished));
  return FromArrow(rows->AddColumn(rows->num_columns(), kPositionColumn, positions));
}

std::shared_ptr<arrow::Schema> SchemaOf(const std::vector<Column>& columns) {
  arrow::FieldVector fields;
  for (const Column& column : columns) fields.push_back(arrow::field(column.name, column.type));
  return arrow::schema(std::move(fields));
}

// Data files are never overwritten, so size and name say which object is meant and no HEAD is needed.
Result<store::ObjectInfo> InfoOf(const Table& table, const Add& add) {
  RTL_TRY(std::string key, table.KeyOf(add.path));
  return store::ObjectInfo{.key = std::move(key), .size = add.size};
}

}  // namespace

Result<> ReadDataFile(const Table& table, const TableState& state, const Add& add, const ReadOptions& options,
                      const std::function<Result<>(const arrow::RecordBatch&)>& sink) {
  RTL_TRY(auto columns, MakeColumns(state, add, options.columns));
  const auto schema = SchemaOf(columns);
  RTL_TRY(const auto info, InfoOf(table, add));
  RTL_TRY(const auto object,
          ParquetObject::Open(table.store(), info, std::max<std::int64_t>(options.batch_rows, 1)));

  DeletionVector struck_out;
  if (add.deletion_vector) {
    RTL_TRY(struck_out, ReadDeletionVector(table.store(), table.path(), *add.deletion_vector));
  }
  std::int64_t position = 0;
  std::optional<Error> sink_error;  // returned as it is, not as the file's
  auto read = object.Guard([&]() -> Result<> {
    parquet::arrow::FileReader& reader = object.reader();
    RTL_TRY(const auto leaves, Locate(reader.manifest().schema_fields, columns));
    for (int group = 0; group < reader.num_row_groups(); ++group) {
      RTL_TRY(const auto batches, object.ReadRowGroup(group, leaves));
      while (true) {
        std::shared_ptr<arrow::RecordBatch> batch;
        if (const auto next = batches->ReadNext(&batch); !next.ok()) return Fail(FromArrow(next));
        if (!batch) break;
        RTL_TRY(const auto rows, AsTable(columns, schema, *batch));
        for (const RowRange& kept : struck_out.KeptRanges(position, rows->num_rows())) {
          auto part = rows->Slice(kept.first - position, kept.count);
          if (options.with_positions) {
            RTL_TRY(part, WithPositions(part, kept.first));
          }
          if (auto taken = sink(*part); !taken) {
            sink_error = taken.error();
            return taken;
          }
        }
        position += rows->num_rows();
      }
    }
    return {};
  });
  if (sink_error) return Fail(std::move(*sink_error));
  return read;
}

}  // namespace rtl::delta
