// Where the deletion vector of a logical file is (protocol: "Deletion Vector Descriptor Schema").
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace rtl::delta {

struct DeletionVectorDescriptor {
  char storage_type = 'u';             // 'u': file below the table, 'i': inline, 'p': absolute path
  std::string path_or_inline;          // as in the log: not decoded
  std::optional<std::int32_t> offset;  // of the vector in its file, bytes
  std::int32_t size_in_bytes = 0;      // of the vector, before Base85 and without the file's framing
  std::int64_t cardinality = 0;        // rows it takes away
  std::optional<std::int64_t> max_row_index;

  // What tells logical files of one data file apart (protocol: "Derived Fields").
  std::string UniqueId() const {
    std::string id = storage_type + path_or_inline;
    if (offset) id += '@' + std::to_string(*offset);
    return id;
  }

  bool operator==(const DeletionVectorDescriptor&) const = default;
};

}  // namespace rtl::delta
