// Bytes that customers chose (file names, cells, raw lines) made fit for a terminal and for JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rtl::cli {

// One character at the front of `text`: its length in bytes and code point; code_point is -1 (and length 1)
// where the bytes are not valid UTF-8. `text` must not be empty.
struct Character {
  std::size_t length = 1;
  char32_t code_point = 0;
  bool valid = false;
};
Character FirstCharacter(std::string_view text);

// Valid UTF-8 as it is; each byte that is not part of valid UTF-8 becomes the four characters \xNN.
std::string ToValidUtf8(std::string_view bytes);

// As ToValidUtf8, and control characters become \n, \t, \r or \xNN, others that a terminal would obey (C1,
// bidirectional overrides) \u{N}: one line, and nothing that moves a cursor or colours text.
std::string OneLine(std::string_view bytes);

// Columns that a terminal takes for it: 2 for wide characters, 0 for combining ones. `text` as from OneLine.
int DisplayWidth(std::string_view text);

// The longest front of `text` that fits into `width` columns, the last of them an ellipsis where something
// was cut.
std::string CutToWidth(std::string_view text, int width);

}  // namespace rtl::cli
