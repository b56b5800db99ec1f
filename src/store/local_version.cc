#include "store/local_version.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace rtl::store {
namespace {

Timestamp ToTimestamp(const timespec& t) {
  return FromMicros(static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_nsec / 1000);
}

std::uint64_t Nanos(const timespec& t) {
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(t.tv_nsec);
}

}  // namespace

ObjectInfo LocalInfo(std::string key, const struct stat& inode, Timestamp now) {
  const Timestamp modified_at = ToTimestamp(inode.st_mtim);
  Timestamp changed_at = ToTimestamp(inode.st_ctim);
  if (modified_at <= now) changed_at = std::max(changed_at, modified_at);
  ObjectInfo info{.key = std::move(key), .size = inode.st_size, .modified_at = modified_at};
  info.version.etag =
      fmt::format("{:x}-{:x}-{:x}-{:x}", static_cast<std::uint64_t>(inode.st_size),
                  static_cast<std::uint64_t>(inode.st_ino), Nanos(inode.st_mtim), Nanos(inode.st_ctim));
  info.version.settled = changed_at <= now - kSettleTime;
  return info;
}

}  // namespace rtl::store
