// The Arrow types in which columns are given out.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "core/error.h"
#include "delta/data_type.h"

namespace rtl::delta {

// Names are the table's; every field is nullable, since a file may lack it. Instants are microseconds with
// zone "UTC", timestamp_ntz the same without a zone, decimals 128 bits wide. kUnsupported for variant.
Result<std::shared_ptr<arrow::DataType>> ArrowTypeOf(const DataType& type);

}  // namespace rtl::delta
