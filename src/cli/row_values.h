// One value of an Arrow column: as a table's cell, as JSON.
#pragma once

#include <cstdint>

#include "cli/table_printer.h"
#include "core/json_writer.h"

namespace arrow {
class Array;
}

namespace rtl::cli {

// Bytes as text with escapes (OneLine), a nested value as JSON, everything else as in JSON without quotes.
Cell CellOf(const arrow::Array& column, std::int64_t row);

// Numbers and booleans as such; NaN and infinities, decimals (all their digits), dates and times as strings:
// "2026-01-31", "2026-01-31T12:00:00.000000Z", without the Z where there is no zone. Structs and maps with
// string keys as objects, other maps as arrays of {"key", "value"}, lists as arrays; NULL as null.
void WriteJsonValue(JsonWriter& json, const arrow::Array& column, std::int64_t row);

}  // namespace rtl::cli
