#include "delta/file_rules.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "delta/column_mapping.h"
#include "delta/json_fields.h"
#include "delta/required_columns.h"

namespace rtl::delta {
namespace {

struct Counts {
  std::optional<std::int64_t> rows;
  std::map<std::string, std::int64_t> nulls;  // of top-level columns
};

Result<Counts> CountsOf(const std::string& stats) {
  Counts counts;
  if (stats.empty()) return counts;
  simdjson::dom::parser parser;
  const simdjson::padded_string text(stats);
  JsonObject object;
  if (parser.parse(text).get(object) != simdjson::SUCCESS) {
    return Fail(ErrorKind::kBadData, "statistics that are no JSON object");
  }
  RTL_TRY(counts.rows, FindInt(object, "numRecords"));
  RTL_TRY(const auto nulls, FindObject(object, "nullCount"));
  if (!nulls) return counts;
  for (const auto& [name, value] : *nulls) {
    if (std::int64_t count = 0; value.get(count) == simdjson::SUCCESS) {
      counts.nulls.emplace(std::string(name), count);
    }
  }
  return counts;
}

}  // namespace

Result<FileRules> FileRules::Of(const Protocol& protocol, const Metadata& metadata) {
  FileRules rules;
  RTL_TRY(const auto required, RequiredColumns(protocol, metadata));
  if (required.empty() && metadata.partition_columns.empty()) return rules;
  RTL_TRY(const ColumnMapping mapping, ColumnMapping::Of(protocol, metadata));
  const auto column = [&](const std::string& name) {
    const MappedColumn* mapped = mapping.Find(name);
    return Column{name, mapped == nullptr ? name : mapped->physical_name};
  };
  for (const std::string& name : metadata.partition_columns) rules.partition_.push_back(column(name));
  for (const std::string& name : required) {
    // Those stand in the add's partition values, not in the file.
    if (std::ranges::find(metadata.partition_columns, name) == metadata.partition_columns.end()) {
      rules.required_.push_back(column(name));
    }
  }
  return rules;
}

Result<> FileRules::Check(const Add& add, bool brings_rows) const {
  const auto refuse = [&](std::string_view why) {
    return Fail(ErrorKind::kBadData, fmt::format("data file {}: {}", add.path, why));
  };
  for (const Column& column : partition_) {
    if (!add.partition_values.contains(column.physical_name)) {
      return refuse(fmt::format("no value of partition column {}", column.name));
    }
  }
  if (add.partition_values.size() > partition_.size())
    return refuse("values of columns the table is not partitioned by");
  const bool asks_for_values = brings_rows && !required_.empty();
  if (!asks_for_values && !add.deletion_vector) return {};
  const auto counts = CountsOf(add.stats);
  if (!counts) return refuse(counts.error().message());
  if (add.deletion_vector && !counts->rows) return refuse("a deletion vector, but no numRecords");
  if (!asks_for_values || counts->rows == 0) return {};
  for (const Column& column : required_) {
    const auto nulls = counts->nulls.find(column.physical_name);
    if (nulls == counts->nulls.end() || nulls->second != 0) {
      return refuse(fmt::format("column {} is NOT NULL, and not every row has a value", column.name));
    }
  }
  return {};
}

}  // namespace rtl::delta
