#include "store/posix_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>

#include "store/object_key.h"

namespace rtl::store {
namespace {

ErrorKind KindOf(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorKind::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EFBIG:
      return ErrorKind::kResourceExhausted;
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
      return ErrorKind::kNotFound;
    case ENAMETOOLONG:
    case EILSEQ:
      return ErrorKind::kBadData;
    default:
      return ErrorKind::kUnavailable;
  }
}

std::string_view Advice(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return "; give the user this runs as access to it and to the folders above it";
    case EROFS:
      return "; mount it writable or choose another place";
    case ENOSPC:
    case EDQUOT:
      return "; free some space";
    case EMFILE:
    case ENFILE:
      return "; raise the limit of open files (ulimit -n)";
    default:
      return "";
  }
}

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Error ErrnoError(int error, std::string_view action, std::string_view path) {
  return Error(KindOf(error), fmt::format("cannot {} {}: {}{}", action, PrintableKey(path),
                                          std::generic_category().message(error), Advice(error)));
}

bool MeansAbsent(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG;
}

int WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int SyncFile(int fd) {
  return ::fsync(fd) == 0 ? 0 : errno;
}

int SyncFolder(int fd) {
  if (::fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP) return 0;
  return errno;
}

Result<std::string> ReadAt(int fd, std::int64_t offset, std::int64_t length, std::string_view path) {
  std::string bytes;
  int error = 0;
  try {
    // resize_and_overwrite: filling a large buffer with zeros first would cost as much as the read.
    bytes.resize_and_overwrite(static_cast<std::size_t>(length), [&](char* data, std::size_t size) {
      std::size_t done = 0;
      while (done < size) {
        const ssize_t got =
            ::pread(fd, data + done, size - done, static_cast<off_t>(offset) + static_cast<off_t>(done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) error = errno;
        if (got <= 0) break;
        done += static_cast<std::size_t>(got);
      }
      return done;
    });
  } catch (const std::bad_alloc&) {
    error = ENOMEM;
  } catch (const std::length_error&) {
    error = ENOMEM;
  }
  if (error != 0) return Fail(ErrnoError(error, "read", path));
  return bytes;
}

}  // namespace rtl::store
