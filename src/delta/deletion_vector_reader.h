// Reads deletion vectors from where their descriptors say they are (protocol: "Deletion Vector File Storage
// Format").
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "delta/deletion_vector.h"
#include "delta/deletion_vector_descriptor.h"
#include "store/object_store.h"

namespace rtl::delta {

// `table_path` is the table's folder in the store, as Table::path(); `num_records` the data file's, where its
// statistics tell. One get of the vector's part of its file; two where it lies deep in a large one; none for
// an inline one. Errors name the file and the vector:
//   kBadData      version, size, checksum, format, cardinality or greatest row are not what they must be
//   kNotFound     the file is gone: the vector cannot be known, so neither can the table's rows
//   kUnsupported  an absolute path outside the store; an unknown storage type
//   others        of the store
// Memory is in proportion to the bytes that are there, whatever the descriptor claims.
Result<DeletionVector> ReadDeletionVector(store::ObjectStore& store, std::string_view table_path,
                                          const DeletionVectorDescriptor& descriptor,
                                          std::optional<std::int64_t> num_records = std::nullopt);

}  // namespace rtl::delta
