// The history of a column's type (protocol: "Type Widening").
#pragma once

#include "core/error.h"
#include "delta/data_type.h"
#include "delta/schema.h"

namespace rtl::delta {

// Whether values of the one type are read as the other (protocol: "The supported type changes").
bool IsWidening(const DataType& from, const DataType& to);

// Protocol, "Reader Requirements for Type Widening": kUnsupported, naming the column, when the history of a
// column, or of a field in it, has a change that is none of these.
Result<> CheckTypeChanges(const Schema& schema);

}  // namespace rtl::delta
