// Names of deletion vector files (protocol: "Derived Fields" of "Deletion Vector Descriptor Schema").
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "delta/deletion_vector_descriptor.h"

namespace rtl::delta {

// The file that holds the vector, decoded, as Add::path: relative to the table's folder, or absolute.
// kBadData when the descriptor names none as the protocol wants it (an inline one has none), kUnsupported for
// a storage type that is not known.
Result<std::string> DeletionVectorPath(const DeletionVectorDescriptor& descriptor);

// For a new file: `uuid` as 36 characters, `prefix` the folder below the table's or "".
std::string DeletionVectorPath(std::string_view prefix, std::string_view uuid);
std::string EncodedDeletionVectorPath(std::string_view prefix, std::string_view uuid);  // for path_or_inline

}  // namespace rtl::delta
