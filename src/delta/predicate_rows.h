// Which rows of a batch a predicate is true for.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "core/error.h"
#include "delta/predicate.h"

namespace rtl::delta {

// Of each row. The batch must have the predicate's columns, in the types that ReadTable gives.
Result<std::vector<Truth>> TruthOf(const Predicate& predicate, const arrow::RecordBatch& batch);

// The same where the column's values (of the predicate's innermost name) are given alone.
Result<std::vector<Truth>> TruthOf(const Predicate& comparison_or_null_test, const arrow::Array& values);

Truth Not(Truth truth);

}  // namespace rtl::delta
