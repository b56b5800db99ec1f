// Listings of a bucket as the store's listers: pages in key order, the next one fetched while one is used.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "s3/s3_client.h"
#include "store/object_store.h"

namespace rtl::s3 {

// `root`: the store's prefix, taken off the keys; `prefix` and `start_after` are below it.
Result<std::unique_ptr<store::ObjectLister>> MakeObjectLister(std::shared_ptr<S3Client> client,
                                                              std::string root, std::string_view prefix,
                                                              std::string_view start_after);
Result<std::unique_ptr<store::VersionLister>> MakeVersionLister(std::shared_ptr<S3Client> client,
                                                                std::string root, std::string_view prefix);

}  // namespace rtl::s3
