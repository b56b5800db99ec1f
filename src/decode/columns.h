// Which columns rows have, and what a key of a customer's row becomes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace rtl::decode {

// kForeign: of a type that others gave the column and no value is turned into; only null fits.
enum class ColumnType { kString, kBoolean, kBigint, kDouble, kForeign };

struct Column {
  std::string name;
  ColumnType type = ColumnType::kString;
  bool operator==(const Column&) const = default;
};

// "wid STRING, n BIGINT" -> columns; kBadConfig that names the part which is wrong (unknown type, double
// name, a reserved name, a forbidden character).
Result<std::vector<Column>> ParsePinnedColumns(std::string_view text);

// The name under which a customer's key is stored: characters that Parquet and Delta forbid (" ,;{}()=\t\n")
// become '_', an empty key "_", and a reserved name (source_file, source_version, file_version, ingest_time;
// any case) gets a '_' before it.
std::string ColumnNameFor(std::string_view key);

// Names are the same column when these are equal: lower case by Unicode's simple mapping, as Spark compares.
std::string FoldCase(std::string_view name);

}  // namespace rtl::decode
