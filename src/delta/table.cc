#include "delta/table.h"

#include <fmt/format.h>

#include <utility>

#include "delta/path_in_store.h"

namespace rtl::delta {

Table::Table(store::ObjectStore& store, std::string path, const Clock& clock)
    : store_(&store), path_(std::move(path)), clock_(&clock) {}

std::string Table::DataKey(std::string_view data_path) const {
  return path_.empty() ? std::string(data_path) : fmt::format("{}/{}", path_, data_path);
}

Result<std::string> Table::KeyOf(std::string_view data_path) const {
  return KeyInStore(*store_, path_, data_path);
}

std::string Table::Uri() const {
  std::string uri = store_->Uri();
  if (path_.empty()) return uri;
  if (!uri.ends_with('/') && !uri.ends_with(':')) uri += '/';
  return uri + path_;
}

}  // namespace rtl::delta
