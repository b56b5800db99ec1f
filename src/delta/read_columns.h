// The columns that a read gives, the same for all files of the table.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "delta/column_mapping.h"
#include "delta/data_type.h"
#include "delta/table.h"
#include "delta/time_zone.h"

namespace rtl::delta {

struct ReadColumn {
  TypedField field;
  std::shared_ptr<arrow::DataType> type;
  bool is_partition = false;
  std::string name_in_log;  // of statistics and partition values
};

struct ReadColumns {
  std::vector<ReadColumn> columns;        // in the order asked for
  std::shared_ptr<arrow::Schema> schema;  // of the batches given
  MappingMode mode = MappingMode::kNone;
  TimeZone partition_zone;

  // `names` empty means all. kNotFound for a column that the table does not have, kUnsupported for one of a
  // type that cannot be read.
  static Result<ReadColumns> Of(const TableState& state, const std::vector<std::string>& names,
                                const std::string& partition_zone);
};

}  // namespace rtl::delta
