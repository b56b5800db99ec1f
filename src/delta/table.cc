#include "delta/table.h"

#include <fmt/format.h>

#include <utility>

#include "delta/data_path.h"

namespace rtl::delta {

Table::Table(store::ObjectStore& store, std::string path, const Clock& clock)
    : store_(&store), path_(std::move(path)), clock_(&clock) {}

std::string Table::DataKey(std::string_view data_path) const {
  return path_.empty() ? std::string(data_path) : fmt::format("{}/{}", path_, data_path);
}

Result<std::string> Table::KeyOf(std::string_view data_path) const {
  if (!IsAbsolutePath(data_path)) {
    if (!HasDotSegment(data_path)) return DataKey(data_path);
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{}: path {} leads out of its folder", Uri(), data_path));
  }
  // "file:/x" and "file:///x" are one.
  std::string root = FileKey(store_->Uri());
  if (!root.ends_with('/')) root += '/';
  std::string path = FileKey(data_path);
  if (!path.starts_with(root) || HasDotSegment(path)) {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{}: file {} lies outside of {}", Uri(), data_path, root));
  }
  return path.substr(root.size());
}

std::string Table::Uri() const {
  std::string uri = store_->Uri();
  if (path_.empty()) return uri;
  if (!uri.ends_with('/') && !uri.ends_with(':')) uri += '/';
  return uri + path_;
}

}  // namespace rtl::delta
