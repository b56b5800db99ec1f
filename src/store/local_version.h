// What a file's inode says of its version. Pure.
#pragma once

#include <sys/stat.h>

#include <string>

#include "core/time.h"
#include "store/object_store.h"

namespace rtl::store {

// A file that changed later than this before it was looked at may change again within the same tick of the
// file system's clock, and its etag would not show it.
inline constexpr std::chrono::seconds kSettleTime{2};

// Of a regular file looked at not earlier than `now`. etag: size, inode, mtime and ctime (ns) in hex. An
// mtime in the future was set by hand and says nothing of when the file changed; ctime cannot be set.
ObjectInfo LocalInfo(std::string key, const struct stat& inode, Timestamp now);

}  // namespace rtl::store
