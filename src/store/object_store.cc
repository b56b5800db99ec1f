#include "store/object_store.h"

#include <iterator>

namespace rtl::store {

Result<std::unique_ptr<VersionLister>> ObjectStore::ListVersions(std::string_view /*prefix*/) {
  return Fail(ErrorKind::kUnsupported, Uri() + " keeps no versions of its objects");
}

Result<> ObjectStore::DeleteAll(std::span<const std::string> keys) {
  for (const std::string& key : keys) RTL_CHECK(Delete(key));
  return {};
}

Result<std::vector<ObjectInfo>> ListAll(ObjectStore& store, std::string_view prefix,
                                        std::string_view start_after) {
  RTL_TRY(const auto lister, store.List(prefix, start_after));
  std::vector<ObjectInfo> all;
  for (;;) {
    RTL_TRY(auto page, lister->Next());
    if (page.empty()) return all;
    all.insert(all.end(), std::make_move_iterator(page.begin()), std::make_move_iterator(page.end()));
  }
}

}  // namespace rtl::store
