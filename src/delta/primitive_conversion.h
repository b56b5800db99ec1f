// Values of a file's primitive column as the table's type has them.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "core/error.h"

namespace rtl::delta {

// kBadData when `to` cannot stand for the array's type or for one of its values. `to` is not nested.
Result<std::shared_ptr<arrow::Array>> ConvertPrimitive(const std::shared_ptr<arrow::Array>& array,
                                                       const std::shared_ptr<arrow::DataType>& to);

}  // namespace rtl::delta
