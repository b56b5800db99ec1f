// Partition values of the log as columns (protocol: "Partition Value Serialization").
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>

#include "core/error.h"
#include "delta/data_type.h"
#include "delta/time_zone.h"

namespace rtl::delta {

// The value as the table's type has it. Absent and "" are null, whatever the type. A timestamp without a zone
// is one of `zone`: only the writer knew which. kBadData, with the value, when it is none of that type, and
// for a nested type.
Result<std::shared_ptr<arrow::Scalar>> ParsePartitionValue(const std::optional<std::string>& value,
                                                           const DataType& type, const TimeZone& zone = {});

}  // namespace rtl::delta
