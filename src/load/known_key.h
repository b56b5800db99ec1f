// What the ledger keeps of one key, packed: a loader holds one for each of millions of files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "load/file_index.h"
#include "load/ledger_entry.h"

namespace rtl::load {

// A file of the snapshot that holds rows of this key alone, as its add's tags tell.
struct OwnFile {
  std::string path;
  FileTag tag;
};

// Rows of the key in a file that others share.
struct SharedRows {
  std::uint32_t file = 0;  // number of the file within the ledger
  std::int64_t file_version = 0;
  std::vector<RowRange> ranges;
};

struct KnownKey {
  std::optional<LedgerEntry> last;  // without raw_paths and quarantine_files
  std::vector<OwnFile> own;
  std::vector<SharedRows> shared;
};

// Reversible; `source_file` is not packed, as the ledger has it already. Tags that say what `last` says,
// which is the rule, take no room, nor do the parts of a path that the key's hash tells.
std::string Pack(std::string_view source_file, const KnownKey& known);
KnownKey Unpack(std::string_view source_file, std::string_view packed);

// The tag of the files that hold an entry's rows.
FileTag TagOf(const LedgerEntry& entry, std::size_t files);

}  // namespace rtl::load
