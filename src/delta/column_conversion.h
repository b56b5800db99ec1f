// A data file's columns as the table's schema types them (protocol: "Delta Data Type to Parquet Type
// Mappings", "Type Widening").
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "core/error.h"
#include "delta/column_mapping.h"
#include "delta/data_type.h"

namespace rtl::delta {

// `array`, as Arrow reads it from a file, as `to`, which must be ArrowTypeOf(type). Only what keeps every
// value is done: other widths, units, encodings and scales of the same kind, and the type widenings. Fields
// that a struct lacks are null. kBadData when the file's type is of another kind or a value does not fit.
Result<std::shared_ptr<arrow::Array>> ConvertColumn(const std::shared_ptr<arrow::Array>& array,
                                                    const DataType& type,
                                                    const std::shared_ptr<arrow::DataType>& to,
                                                    MappingMode mode);

}  // namespace rtl::delta
