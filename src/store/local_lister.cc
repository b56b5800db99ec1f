#include "store/local_lister.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "store/local_folder.h"
#include "store/local_version.h"
#include "store/posix_file.h"

namespace rtl::store {
namespace {

constexpr std::size_t kPageSize = 1000;

// Which names of one folder can lead to keys that are wanted. `name` ends in '/' for a folder, as its keys
// do.
class NameFilter {
 public:
  // `folder` is "" or ends in '/'. Neither `prefix` nor `start_after` is copied.
  NameFilter(std::string_view folder, std::string_view prefix, std::string_view start_after) {
    if (prefix.size() > folder.size()) prefix_ = prefix.substr(folder.size());
    if (start_after.starts_with(folder)) {
      after_ = start_after.substr(folder.size());
    } else {
      nothing_ = start_after > folder;
    }
  }

  bool Wants(std::string_view name) const {
    if (nothing_ || !name.starts_with(prefix_)) return false;
    return name > after_ || (name.ends_with('/') && after_.starts_with(name));
  }

 private:
  std::string_view prefix_;
  std::string_view after_;
  bool nothing_ = false;
};

struct Name {
  std::uint64_t begin;  // in Level::text
  std::uint32_t length;
};

// An open folder and those of its names that are still to be visited. The names lie in one string: a folder
// may hold millions.
struct Level {
  Fd fd;
  std::string folder;  // "" or ends in '/'
  std::string text;
  std::vector<Name> names;
  std::size_t next = 0;

  std::string_view At(const Name& name) const {
    return std::string_view(text).substr(name.begin, name.length);
  }
};

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

enum class EntryKind { kFile, kFolder, kOther };

// A link counts as a file; whether one stands behind it is seen when its turn comes.
EntryKind KindOf(int folder, const dirent& entry) {
  switch (entry.d_type) {
    case DT_REG:
    case DT_LNK:
      return EntryKind::kFile;
    case DT_DIR:
      return EntryKind::kFolder;
    case DT_UNKNOWN: {
      struct stat inode{};
      if (::fstatat(folder, entry.d_name, &inode, AT_SYMLINK_NOFOLLOW) != 0) {
        return EntryKind::kFile;  // the look at its turn reports what is wrong
      }
      if (S_ISDIR(inode.st_mode)) return EntryKind::kFolder;
      return S_ISREG(inode.st_mode) || S_ISLNK(inode.st_mode) ? EntryKind::kFile : EntryKind::kOther;
    }
    default:
      return EntryKind::kOther;
  }
}

class LocalLister : public ObjectLister {
 public:
  LocalLister(std::string path, std::string_view prefix, std::string_view start_after, const Clock& clock)
      : path_(std::move(path)), prefix_(prefix), start_after_(start_after), clock_(clock) {}

  Result<> Begin();
  Result<std::vector<ObjectInfo>> Next() override;

 private:
  std::string Path(std::string_view key) const { return fmt::format("{}/{}", path_, key); }
  Result<> Enter(Fd fd, std::string folder);
  Result<> EnterSubfolder(const std::string& name);
  Result<std::optional<ObjectInfo>> Look(const std::string& name, Timestamp now);
  Result<> FillPage(std::vector<ObjectInfo>& page);

  const std::string path_;
  const std::string prefix_;
  const std::string start_after_;
  const Clock& clock_;
  std::vector<Level> levels_;
  std::optional<Error> failed_;
};

Result<> LocalLister::Begin() {
  RTL_TRY(Fd root, OpenRoot(path_, O_RDONLY));
  const std::string folder(SplitKey(prefix_).folder);
  if (folder.empty()) {
    if (prefix_.starts_with('/')) return {};
    return Enter(std::move(root), "");
  }
  if (!CheckLocalKey(folder)) return {};  // no key begins like this
  OpenedFolder opened = OpenFolder(root.get(), folder);
  if (opened.error == 0) opened = OpenSubfolder(opened.fd.get(), ".");
  if (MeansAbsent(opened.error)) return {};
  if (opened.error != 0) return Fail(ErrnoError(opened.error, "list", Path(folder)));
  return Enter(std::move(opened.fd), folder + "/");
}

Result<> LocalLister::Enter(Fd fd, std::string folder) {
  const std::unique_ptr<DIR, CloseDir> dir([&] {
    Fd copy(::openat(fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    DIR* opened = copy ? ::fdopendir(copy.get()) : nullptr;
    if (opened != nullptr) copy.Release();
    return opened;
  }());
  if (!dir) return Fail(ErrnoError(errno, "list", Path(folder)));

  Level level{.fd = std::move(fd), .folder = std::move(folder)};
  const NameFilter filter(level.folder, prefix_, start_after_);
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) {
      if (errno != 0) return Fail(ErrnoError(errno, "list", Path(level.folder)));
      break;
    }
    const std::string_view name = entry->d_name;
    if (name == "." || name == ".." || IsTempName(name)) continue;
    const EntryKind kind = KindOf(level.fd.get(), *entry);
    if (kind == EntryKind::kOther) continue;
    const std::size_t begin = level.text.size();
    level.text += name;
    // With the '/', folders and files sort as their keys do: "a-b" < "a/x" < "a0".
    if (kind == EntryKind::kFolder) level.text += '/';
    const Name added{.begin = begin, .length = static_cast<std::uint32_t>(level.text.size() - begin)};
    if (filter.Wants(level.At(added))) {
      level.names.push_back(added);
    } else {
      level.text.resize(begin);
    }
  }
  std::sort(level.names.begin(), level.names.end(),
            [&](const Name& a, const Name& b) { return level.At(a) < level.At(b); });
  // A folder that changes while it is read may give a name twice.
  const auto repeated = std::unique(level.names.begin(), level.names.end(),
                                    [&](const Name& a, const Name& b) { return level.At(a) == level.At(b); });
  level.names.erase(repeated, level.names.end());
  levels_.push_back(std::move(level));
  return {};
}

Result<> LocalLister::EnterSubfolder(const std::string& name) {
  const Level& parent = levels_.back();
  OpenedFolder opened = OpenSubfolder(parent.fd.get(), name);
  if (opened.error == 0) return Enter(std::move(opened.fd), parent.folder + name + "/");
  if (MeansAbsent(opened.error)) return {};  // vanished since its parent was read
  // What fsck keeps at the top of a mounted file system is nobody's data and never readable.
  if (opened.error == EACCES && parent.folder.empty() && name == "lost+found") return {};
  return Fail(ErrnoError(opened.error, "list", Path(parent.folder + name)));
}

Result<std::optional<ObjectInfo>> LocalLister::Look(const std::string& name, Timestamp now) {
  const Level& level = levels_.back();
  struct stat inode{};
  if (::fstatat(level.fd.get(), name.c_str(), &inode, 0) != 0) {
    if (MeansAbsent(errno)) return std::nullopt;
    return Fail(ErrnoError(errno, "look at", Path(level.folder + name)));
  }
  if (!S_ISREG(inode.st_mode)) return std::nullopt;
  return LocalInfo(level.folder + name, inode, now);
}

Result<> LocalLister::FillPage(std::vector<ObjectInfo>& page) {
  const Timestamp now = clock_.Now();
  while (!levels_.empty() && page.size() < kPageSize) {
    Level& level = levels_.back();
    if (level.next == level.names.size()) {
      levels_.pop_back();
      continue;
    }
    std::string name(level.At(level.names[level.next++]));
    if (name.ends_with('/')) {
      name.pop_back();
      RTL_CHECK(EnterSubfolder(name));
    } else {
      RTL_TRY(std::optional<ObjectInfo> info, Look(name, now));
      if (info) page.push_back(*std::move(info));
    }
  }
  return {};
}

Result<std::vector<ObjectInfo>> LocalLister::Next() {
  if (failed_) return Fail(*failed_);
  std::vector<ObjectInfo> page;
  if (auto filled = FillPage(page); !filled) {
    failed_ = filled.error();  // a caller that asks again must not get the rest as if it were all
    return Fail(*failed_);
  }
  return page;
}

}  // namespace

Result<std::unique_ptr<ObjectLister>> ListLocal(const std::string& path, std::string_view prefix,
                                                std::string_view start_after, const Clock& clock) {
  auto lister = std::make_unique<LocalLister>(path, prefix, start_after, clock);
  RTL_CHECK(lister->Begin());
  return lister;
}

}  // namespace rtl::store
