// Where a path of the log lies in the store that holds the table: one rule for data files, deletion vectors,
// sidecars and change files (protocol: "Add File and Remove File", "Deletion Vectors").
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "store/object_store.h"

namespace rtl::delta {

// The key of `path`, decoded, which is relative to the table's folder `table_path` or absolute. An absolute
// one must begin with the store's Uri() ("file:/x" is "/x", "s3a://" is "s3://"). kUnsupported, naming the
// path, when it lies elsewhere or has "." or ".." segments.
Result<std::string> KeyInStore(const store::ObjectStore& store, std::string_view table_path,
                               std::string_view path);

}  // namespace rtl::delta
