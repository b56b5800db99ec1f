// What a table's columns ask of the data files that are written into it, in the terms of decode/ and encode/.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "decode/columns.h"
#include "delta/actions.h"
#include "encode/parquet_encoder.h"
#include "load/table_set.h"

namespace rtl::load {

struct FileColumns {
  std::vector<decode::Column> data;                     // the data columns
  std::vector<std::string> required;                    // of these: no row may lack a value
  std::shared_ptr<const encode::StoredColumns> stored;  // null: all as they are named, nothing to be counted

  // Whether a file with these columns, encoded as `was` says, may stand in the table as it is now: never one
  // with a column that is still to be given its name.
  bool HoldsAsStored(const encode::StoredColumns* was, const std::vector<std::string>& columns) const;
};

// kUnsupported, naming the column, when one of the loader's own columns was dropped, renamed or given another
// type, or the table was partitioned: it has to be set back. Other errors as delta::RequiredColumns and
// delta::ColumnMapping::Of.
Result<FileColumns> FileColumnsOf(Role role, const delta::Protocol& protocol,
                                  const delta::Metadata& metadata);

// How files of any table have its columns; null: all as they are named, nothing to be counted.
Result<std::shared_ptr<const encode::StoredColumns>> StoredColumnsOf(const delta::Protocol& protocol,
                                                                     const delta::Metadata& metadata);

// The names of the columns of a data file: these, and the loader's own.
std::vector<std::string> ColumnsOfFile(const std::vector<delta::Field>& data);

}  // namespace rtl::load
