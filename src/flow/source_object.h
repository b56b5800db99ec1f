// A customer's file as discovery saw it: the hand-off from discover/ to load/.
#pragma once

#include <cstdint>
#include <string>

#include "core/time.h"
#include "flow/object_version.h"

namespace rtl {

struct SourceObject {
  std::string key;  // in the source store
  std::string
      source_file;        // whose rows these are: the key below the prefix, or the capture of source.pattern
  std::int64_t size = 0;  // bytes
  ObjectVersion version;
  Timestamp uploaded_at;  // the store's last-modified time; shown, never compared
};

}  // namespace rtl
