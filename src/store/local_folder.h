// Folders of a local store: walking to them without following links, making them durably, and the names of
// the temporary files that lie in them.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/error.h"
#include "store/posix_file.h"

namespace rtl::store {

// Temporary files are named ".rtl-tmp.<uuid>" beside what they become. They are no objects: never listed,
// never found by key. One that a killed process left behind may be deleted once that process is gone.
inline constexpr std::string_view kTempPrefix = ".rtl-tmp.";
bool IsTempName(std::string_view name);

// CheckKey, and no empty segment: "a//b" and "a/" name no file.
Result<> CheckLocalKey(std::string_view key);

// A key's folder ("a/b" of "a/b/c", "" of "c") and name.
struct KeyParts {
  std::string_view folder;
  std::string_view name;
};
KeyParts SplitKey(std::string_view key);

// Opens the store's root. That it is gone says nothing of the objects in it (a disk that is not mounted): it
// is kUnavailable, not kNotFound.
Result<Fd> OpenRoot(const std::string& path, int flags);

// Opens `folder`, '/'-separated and relative to `root`, for looking names up (reading it is another right). A
// symbolic link on the way counts as absent, so that what a listing does not descend into cannot be read by
// key either. The errno is 0 on success.
struct OpenedFolder {
  Fd fd;
  int error = 0;
};
OpenedFolder OpenFolder(int root, std::string_view folder);
// One step of it, opened for reading the folder's names.
OpenedFolder OpenSubfolder(int parent, const std::string& name);

// Opens folders for writing, making those that are missing. Threads: any.
class FolderMaker {
 public:
  // The folder's own entry in its parent is durable when this returns. `path` (of the root) is for messages.
  Result<Fd> Open(int root, std::string_view folder, std::string_view path);

 private:
  bool IsDurable(std::string_view folder);
  void RememberDurable(std::string_view folder);

  std::mutex mutex_;
  std::unordered_set<std::string> durable_;  // folders whose entries were synced once
};

}  // namespace rtl::store
