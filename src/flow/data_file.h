// A Parquet file: encoded in memory (encode/ to load/), and once it has been put (load/ to commit).
#pragma once

#include <cstdint>
#include <string>

namespace rtl {

struct EncodedFile {
  std::string bytes;  // a whole Parquet file
  std::int64_t rows = 0;
  std::string stats;  // Delta per-file statistics, JSON (protocol: "Per-file Statistics")
};

struct DataFile {
  std::string path;       // below the table's folder
  std::int64_t size = 0;  // bytes
  std::int64_t rows = 0;
  std::string stats;
};

}  // namespace rtl
