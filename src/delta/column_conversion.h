// A data file's columns as the table's schema types them (protocol: "Delta Data Type to Parquet Type
// Mappings").
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace rtl::delta {

// kUnsupported for a nested or unknown type, kBadData for a malformed decimal.
Result<std::shared_ptr<arrow::DataType>> ArrowTypeOf(std::string_view delta_type);

// `array` as `type`. Only what keeps every value is done: other widths, units, encodings and scales of the
// same kind. kBadData when the file's type is of another kind or a value does not fit.
Result<std::shared_ptr<arrow::Array>> ConvertColumn(const std::shared_ptr<arrow::Array>& array,
                                                    const std::shared_ptr<arrow::DataType>& type);

// A partition value (protocol: "Partition Value Serialization") in every row. Absent and "" are null.
Result<std::shared_ptr<arrow::Array>> PartitionColumn(const std::optional<std::string>& value,
                                                      const std::shared_ptr<arrow::DataType>& type,
                                                      std::int64_t rows);

}  // namespace rtl::delta
