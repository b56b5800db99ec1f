#include "load/file_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "delta/column_mapping.h"
#include "delta/required_columns.h"

namespace rtl::load {
namespace {

using Stored = encode::StoredColumns;

constexpr std::size_t kOwnColumns = 4;

Result<> CheckOwnColumns(Role role, const delta::Metadata& metadata) {
  const auto refuse = [](std::string why) {
    return Fail(ErrorKind::kUnsupported, fmt::format("{}; set it back, or load into new tables", why));
  };
  if (!metadata.partition_columns.empty()) {
    return refuse(fmt::format("the table was partitioned by {}", metadata.partition_columns.front()));
  }
  for (const delta::Field& own : BaseSchema(role).fields) {
    const delta::Field* field = metadata.schema.Find(own.name);
    if (field == nullptr) return refuse(fmt::format("column {} was dropped or renamed", own.name));
    if (field->type != own.type) {
      return refuse(fmt::format("column {} was made {}, it has to be {}", own.name, field->type, own.type));
    }
  }
  return {};
}

decode::ColumnType DecodedAs(const std::string& type) {
  if (type == "string") return decode::ColumnType::kString;
  if (type == "boolean") return decode::ColumnType::kBoolean;
  if (type == "long") return decode::ColumnType::kBigint;
  if (type == "double") return decode::ColumnType::kDouble;
  return decode::ColumnType::kForeign;
}

Stored::Column StoredAs(const Stored* stored, const std::string& name) {
  if (stored != nullptr) {
    const auto found = std::ranges::find(stored->columns, name, &Stored::Column::name);
    if (found != stored->columns.end()) return *found;
    if (stored->complete) return {};
  }
  return {.name = name, .stored_as = name};
}

}  // namespace

bool FileColumns::HoldsAsStored(const Stored* was, const std::vector<std::string>& columns) const {
  return std::ranges::all_of(columns, [&](const std::string& name) {
    const Stored::Column then = StoredAs(was, name);
    const Stored::Column now = StoredAs(stored.get(), name);
    return !now.name.empty() && then.stored_as == now.stored_as && then.field_id == now.field_id &&
           (then.counted || !now.counted);
  });
}

Result<FileColumns> FileColumnsOf(Role role, const delta::Protocol& protocol,
                                  const delta::Metadata& metadata) {
  RTL_CHECK(CheckOwnColumns(role, metadata));
  FileColumns columns;
  RTL_TRY(const auto required, delta::RequiredColumns(protocol, metadata));
  for (const delta::Field& field : DataFields(metadata.schema)) {
    columns.data.push_back({field.name, DecodedAs(field.type)});
  }
  std::ranges::copy_if(required, std::back_inserter(columns.required),
                       [](const std::string& name) { return !IsOwnColumn(name); });
  RTL_TRY(columns.stored, StoredColumnsOf(protocol, metadata));
  return columns;
}

Result<std::shared_ptr<const Stored>> StoredColumnsOf(const delta::Protocol& protocol,
                                                      const delta::Metadata& metadata) {
  RTL_TRY(const auto required, delta::RequiredColumns(protocol, metadata));
  RTL_TRY(const auto mapping, delta::ColumnMapping::Of(protocol, metadata));
  const bool all_required_are_ours = std::ranges::all_of(required, IsOwnColumn);
  if (!mapping.maps() && all_required_are_ours) return nullptr;
  auto stored = std::make_shared<Stored>();
  stored->complete = mapping.maps();
  for (const delta::MappedColumn& column : mapping.columns()) {
    const bool counted = std::ranges::find(required, column.name) != required.end();
    stored->columns.push_back({column.name, column.physical_name, column.id.value_or(-1), counted});
  }
  return stored;
}

std::vector<std::string> ColumnsOfFile(const std::vector<delta::Field>& data) {
  std::vector<std::string> names;
  names.reserve(data.size() + kOwnColumns);
  for (const delta::Field& field : data) names.push_back(field.name);
  for (const delta::Field& own : BaseSchema(Role::kSnapshot).fields) names.push_back(own.name);
  return names;
}

}  // namespace rtl::load
