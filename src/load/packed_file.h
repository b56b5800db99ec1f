// Rows of several keys in one data file, ordered by key (design: "packed" layout).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "load/file_index.h"
#include "load/table_set.h"

namespace arrow {
class RecordBatch;
}

namespace rtl::encode {
struct StoredColumns;
}

namespace rtl::load {

// One key's rows, with the loader's columns.
struct PackMember {
  std::string source_file;
  std::int64_t file_version = 0;
  std::vector<std::shared_ptr<arrow::RecordBatch>> rows;
};

struct PackedFile {
  delta::Add add;  // named, with statistics and the packed tag; data_change is true
  FileIndex index;
};

// Encodes the members, none of them without rows, and puts the file to the snapshot's folder and, `into_raw`,
// to raw's under the same name. Columns are all that any member has, `stored` as the snapshot asks for.
Result<PackedFile> PutPacked(const TableSet& tables, std::vector<PackMember> members,
                             std::shared_ptr<const encode::StoredColumns> stored, bool into_raw,
                             Timestamp now);

}  // namespace rtl::load
