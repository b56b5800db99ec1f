#include "delta/path_in_store.h"

#include <fmt/format.h>

#include "delta/data_path.h"
#include "store/object_key.h"

namespace rtl::delta {
namespace {

// Schemes that different programs use for the same bucket.
std::string OneSpelling(std::string_view path) {
  for (const std::string_view scheme : {"s3a://", "s3n://"}) {
    if (path.starts_with(scheme)) return fmt::format("s3://{}", path.substr(scheme.size()));
  }
  return FileKey(path);
}

Error Elsewhere(const store::ObjectStore& store, std::string_view path) {
  return {ErrorKind::kUnsupported,
          fmt::format("{} lies outside {}: only what lies in the table's store is read",
                      store::PrintableKey(path), store.Uri())};
}

}  // namespace

Result<std::string> KeyInStore(const store::ObjectStore& store, std::string_view table_path,
                               std::string_view path) {
  std::string key;
  if (IsAbsolutePath(path)) {
    std::string root = OneSpelling(store.Uri());
    if (!root.ends_with('/')) root += '/';
    const std::string absolute = OneSpelling(path);
    if (!absolute.starts_with(root)) return Fail(Elsewhere(store, path));
    key = absolute.substr(root.size());
  } else {
    key = table_path.empty() ? std::string(path) : fmt::format("{}/{}", table_path, path);
  }
  if (HasDotSegment(key)) return Fail(Elsewhere(store, path));
  RTL_CHECK(store::CheckKey(key));
  return key;
}

}  // namespace rtl::delta
