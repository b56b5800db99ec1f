// NDJSON lines -> rows. Outcomes of every odd line: docs/odd-inputs.md.
//
// A row is a line that holds one JSON object. Each top-level key is a column. In a STRING column a JSON
// string is unescaped; any other value but null keeps its JSON text byte for byte, after full validation. A
// line that is no such object, or whose value a pinned type cannot hold, is rejected with a reason.
#pragma once

#include <string_view>
#include <vector>

#include "core/error.h"
#include "decode/columns.h"
#include "flow/decoded_slice.h"

namespace rtl::decode {

struct NdjsonOptions {
  std::vector<Column> pinned;         // not empty: exactly these columns, others are counted in unknown_keys
  std::vector<Column> known;          // not pinned: the table's columns so far; give their spelling
                                      // and type to keys that match
  std::vector<std::string> required;  // columns in which no row may lack a value; such a line is rejected
  int max_columns = 1000;             // known and new; a line that would add more is rejected
};

// Decodes whole lines. Line numbers and offsets of rejects count from the slice's start (first line 1, first
// byte 0). Pure; any number of threads at once (parsers are per thread and reused). Fails only with kInternal
// or kResourceExhausted; bad input is rejects. With pinned columns, a row that has none of them counts as a
// reject whose reason lists the keys seen.
Result<DecodedSlice> DecodeNdjson(std::string_view lines, const NdjsonOptions& options);

}  // namespace rtl::decode
