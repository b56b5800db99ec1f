// The part of CheckWritable (table.h) that concerns writers alone.
#pragma once

#include "core/error.h"
#include "delta/actions.h"

namespace rtl::delta {

// kUnsupported, naming it, when the protocol asks writers for what this library does not do (protocol:
// "Writer Version Requirements", "Table Features"). Features that ask for nothing while they are inactive are
// refused only when they are active; a feature that is not known is always refused.
Result<> CheckWriterFeatures(const Protocol& protocol, const Metadata& metadata);

}  // namespace rtl::delta
