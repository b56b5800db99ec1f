// A JSON value -> the value of a pinned type. Text in, value or nothing out; what is taken:
// docs/odd-inputs.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "decode/columns.h"
#include "decode/json_scanner.h"

namespace rtl::decode {

// `text`: of a number or literal its JSON text, of a string its unescaped contents.

// Integers without point and exponent within 64 bits; from a string also with leading zeros.
std::optional<std::int64_t> ToBigint(JsonKind kind, std::string_view text);
// Every JSON number whose nearest double is finite, and strings that hold just one.
std::optional<double> ToDouble(JsonKind kind, std::string_view text);
// true and false, and strings that hold just one of them in lower case.
std::optional<bool> ToBoolean(JsonKind kind, std::string_view text);

std::string_view TypeName(ColumnType type);  // "STRING", ...

}  // namespace rtl::decode
