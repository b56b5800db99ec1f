// File descriptors that close themselves, and what errno means for a caller.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/error.h"

namespace rtl::store {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd();
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }  // the caller closes it
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// "cannot read /data/in/x: Permission denied; ..." of the kind that `error` (an errno) stands for: EACCES,
// EPERM, EROFS kPermissionDenied; a full disk, quota or descriptor table kResourceExhausted; a missing file
// or folder kNotFound; a name that is too long kBadData; all else kUnavailable. `action` is a verb.
Error ErrnoError(int error, std::string_view action, std::string_view path);

// Whether `error` says that no file of that name can be reached (missing, below a file, a broken link).
bool MeansAbsent(int error);

// 0 or an errno. SyncFolder treats a file system that cannot sync folders as one that needs no sync.
int WriteAll(int fd, std::string_view bytes);
int SyncFile(int fd);
int SyncFolder(int fd);

// Reads up to `length` bytes at `offset`; fewer only at the end of the file. kResourceExhausted when memory
// for them cannot be had. `path` is for messages.
Result<std::string> ReadAt(int fd, std::int64_t offset, std::int64_t length, std::string_view path);

}  // namespace rtl::store
