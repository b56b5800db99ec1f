#include "store/local_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "store/object_key.h"

namespace rtl::store {
namespace {

constexpr std::size_t kMaxRemembered = 100'000;

// Calls `step` with each segment of a folder's path and with the path up to it, until it returns false.
template <typename Step>
void ForEachSegment(std::string_view folder, Step step) {
  for (std::size_t begin = 0; begin < folder.size();) {
    const std::size_t end = std::min(folder.find('/', begin), folder.size());
    if (!step(std::string(folder.substr(begin, end - begin)), folder.substr(0, end))) return;
    begin = end + 1;
  }
}

Fd OpenFolderAt(int parent, const char* name, int flags) {
  return Fd(::openat(parent, name, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | flags));
}

}  // namespace

bool IsTempName(std::string_view name) {
  return name.starts_with(kTempPrefix);
}

Result<> CheckLocalKey(std::string_view key) {
  RTL_CHECK(CheckKey(key));
  if (key.ends_with('/') || key.find("//") != key.npos) {
    return Fail(ErrorKind::kBadData, fmt::format("key \"{}\" has an empty segment", PrintableKey(key)));
  }
  return {};
}

KeyParts SplitKey(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  if (slash == key.npos) return {.folder = {}, .name = key};
  return {.folder = key.substr(0, slash), .name = key.substr(slash + 1)};
}

Result<Fd> OpenRoot(const std::string& path, int flags) {
  Fd root(::open(path.c_str(), O_DIRECTORY | O_CLOEXEC | flags));
  if (root) return root;
  if (MeansAbsent(errno)) {
    return Fail(ErrorKind::kUnavailable,
                fmt::format("folder {} is gone; is its disk mounted?", PrintableKey(path)));
  }
  return Fail(ErrnoError(errno, "open folder", path));
}

OpenedFolder OpenFolder(int root, std::string_view folder) {
  OpenedFolder opened{.fd = OpenFolderAt(root, ".", O_PATH)};
  if (!opened.fd) return {.error = errno};
  ForEachSegment(folder, [&](const std::string& name, std::string_view) {
    Fd next = OpenFolderAt(opened.fd.get(), name.c_str(), O_PATH);
    opened.error = next ? 0 : errno;
    opened.fd = std::move(next);
    return opened.error == 0;
  });
  return opened;
}

OpenedFolder OpenSubfolder(int parent, const std::string& name) {
  Fd fd = OpenFolderAt(parent, name.c_str(), O_RDONLY);
  const int error = fd ? 0 : errno;
  return {.fd = std::move(fd), .error = error};
}

Result<Fd> FolderMaker::Open(int root, std::string_view folder, std::string_view path) {
  const auto fail = [&](int error, std::string_view action, std::string_view at) {
    const std::string full = fmt::format("{}/{}", path, at);
    // Absence cannot be the answer of a call that makes what is missing.
    if (error == ENOTDIR || error == ELOOP) {
      return Error(ErrorKind::kBadData,
                   fmt::format("cannot {} {}: it is a file or a symbolic link, not a folder", action,
                               PrintableKey(full)));
    }
    if (error == ENOENT) {
      return Error(ErrorKind::kUnavailable,
                   fmt::format("folder {} was removed while it was being made or used", PrintableKey(full)));
    }
    return ErrnoError(error, action, full);
  };

  const bool known = folder.empty() || IsDurable(folder);
  OpenedFolder at{.fd = OpenFolderAt(root, ".", O_RDONLY)};
  if (!at.fd) return Fail(fail(errno, "open folder", ""));
  std::optional<Error> failed;
  ForEachSegment(folder, [&](const std::string& name, std::string_view so_far) {
    OpenedFolder next = OpenSubfolder(at.fd.get(), name);
    const bool missing = next.error == ENOENT;
    if (missing) {
      if (::mkdirat(at.fd.get(), name.c_str(), 0777) != 0 && errno != EEXIST) {
        failed = fail(errno, "make folder", so_far);
        return false;
      }
      next = OpenSubfolder(at.fd.get(), name);
    }
    if (next.error != 0) {
      failed = fail(next.error, "open folder", so_far);
      return false;
    }
    // Also one that another process made: it may not have got as far as syncing it.
    if (missing || !known) {
      if (const int error = SyncFolder(at.fd.get()); error != 0) {
        failed = fail(error, "sync the folder above", so_far);
        return false;
      }
    }
    at = std::move(next);
    return true;
  });
  if (failed) return Fail(*std::move(failed));
  if (!known) RememberDurable(folder);
  return std::move(at.fd);
}

bool FolderMaker::IsDurable(std::string_view folder) {
  const std::lock_guard lock(mutex_);
  return durable_.contains(std::string(folder));
}

void FolderMaker::RememberDurable(std::string_view folder) {
  const std::lock_guard lock(mutex_);
  if (durable_.size() >= kMaxRemembered) durable_.clear();
  durable_.emplace(folder);
}

}  // namespace rtl::store
