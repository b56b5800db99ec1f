// One value of an Arrow column: as a table's cell, as JSON.
#pragma once

#include <cstdint>

#include "cli/table_printer.h"
#include "core/json_writer.h"

namespace arrow {
class Array;
}

namespace rtl::cli {

// Bytes as text with escapes (OneLine), timestamps as UTC, a nested value as Arrow prints it.
Cell CellOf(const arrow::Array& column, std::int64_t row);

// Numbers and booleans as such, NaN and infinities as strings, everything else as a string; NULL as null.
void WriteJsonValue(JsonWriter& json, const arrow::Array& column, std::int64_t row);

}  // namespace rtl::cli
