// Where a data file has a table's column (protocol: "Reader Requirements for Column Mapping").
#pragma once

#include <arrow/type_fwd.h>

#include "core/error.h"
#include "delta/actions.h"
#include "delta/column_mapping.h"
#include "delta/data_type.h"

namespace rtl::delta {

// The property counts only where the protocol supports the feature for readers. kUnsupported for a mode that
// is not known.
Result<MappingMode> ReaderMappingModeOf(const Protocol& protocol, const Metadata& metadata);

// Index in `fields`, columns of a file or fields of a struct in it, of the one that holds `column`; -1 when
// there is none. Without column mapping the exact spelling, else the one that differs in case only. kBadData
// when the mapping does not say what to look for, or two fields have the column's id.
Result<int> FindInFile(const arrow::FieldVector& fields, const TypedField& column, MappingMode mode);

// Whether any column, nested ones included, has a Parquet field id.
bool HasFieldIds(const arrow::FieldVector& fields);

// What statistics and partition values call the column.
const std::string& NameInLog(const TypedField& column, MappingMode mode);

}  // namespace rtl::delta
