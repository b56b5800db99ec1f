#include "delta/read_columns.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "delta/arrow_types.h"
#include "delta/file_columns.h"

namespace rtl::delta {
namespace {

Result<ReadColumn> ColumnOf(const Field& field, const Metadata& metadata, MappingMode mode) {
  ReadColumn column;
  RTL_TRY(column.field, ParseTypedField(field));
  auto type = ArrowTypeOf(column.field.type);
  if (!type) return Fail(type.error().Wrap(fmt::format("column {}", field.name)));
  column.type = std::move(*type);
  column.is_partition =
      std::ranges::find(metadata.partition_columns, field.name) != metadata.partition_columns.end();
  column.name_in_log = NameInLog(column.field, mode);
  return column;
}

}  // namespace

Result<ReadColumns> ReadColumns::Of(const TableState& state, const std::vector<std::string>& names,
                                    const std::string& partition_zone) {
  const Metadata& metadata = state.metadata;
  ReadColumns read;
  RTL_TRY(read.mode, ReaderMappingModeOf(state.protocol, metadata));
  RTL_TRY(read.partition_zone, TimeZone::Find(partition_zone));
  std::vector<const Field*> fields;
  for (const std::string& name : names) {
    const Field* field = metadata.schema.Find(name);
    if (field == nullptr) return Fail(ErrorKind::kNotFound, fmt::format("the table has no column {}", name));
    fields.push_back(field);
  }
  if (names.empty()) {
    for (const Field& field : metadata.schema.fields) fields.push_back(&field);
  }
  arrow::FieldVector arrow_fields;
  for (const Field* field : fields) {
    RTL_TRY(auto column, ColumnOf(*field, metadata, read.mode));
    arrow_fields.push_back(arrow::field(column.field.name, column.type));
    read.columns.push_back(std::move(column));
  }
  read.schema = arrow::schema(std::move(arrow_fields));
  return read;
}

}  // namespace rtl::delta
