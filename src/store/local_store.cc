#include "store/local_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "core/uuid.h"
#include "store/link_outcome.h"
#include "store/local_folder.h"
#include "store/local_lister.h"
#include "store/local_version.h"
#include "store/object_key.h"
#include "store/pinned_range.h"
#include "store/posix_file.h"

namespace rtl::store {
namespace {

constexpr int kReadAttempts = 5;

// A file under a temporary name, with its bytes synced; the name is gone when this is.
class TempFile {
 public:
  // `folder` must outlive it. 0 or an errno.
  static int Write(int folder, std::string_view bytes, TempFile& temp) {
    temp.folder_ = folder;
    temp.name_ = std::string(kTempPrefix) + NewUuid();
    temp.fd_ = Fd(::openat(folder, temp.name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!temp.fd_) {
      temp.name_.clear();
      return errno;
    }
    if (const int error = WriteAll(temp.fd_.get(), bytes); error != 0) return error;
    return SyncFile(temp.fd_.get());
  }
  TempFile() = default;
  ~TempFile() { Remove(); }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;

  const char* name() const { return name_.c_str(); }
  void Renamed() { name_.clear(); }
  void Remove() {
    if (!name_.empty()) ::unlinkat(folder_, name_.c_str(), 0);
    name_.clear();
  }
  std::uint64_t Links() const {
    struct stat inode{};
    return ::fstat(fd_.get(), &inode) == 0 ? inode.st_nlink : 0;
  }

 private:
  int folder_ = -1;
  std::string name_;
  Fd fd_;
};

class LocalStore : public ObjectStore {
 public:
  LocalStore(std::string path, const Clock& clock) : path_(std::move(path)), clock_(clock) {}

  Result<Object> Get(std::string_view key, const GetOptions& options) override;
  Result<ObjectInfo> Head(std::string_view key) override;
  Result<> Put(std::string_view key, std::string_view bytes) override;
  Result<PutIfAbsentOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) override;
  Result<std::unique_ptr<ObjectLister>> List(std::string_view prefix, std::string_view start_after) override {
    return ListLocal(path_, prefix, start_after, clock_);
  }
  Result<> Delete(std::string_view key) override;
  std::string Uri() const override { return path_; }

 private:
  std::string Path(std::string_view key) const { return fmt::format("{}/{}", path_, key); }
  Error Absent(std::string_view key) const {
    return Error(ErrorKind::kNotFound, "no file " + PrintableKey(Path(key)));
  }
  // For reading: the key's folder.
  Result<Fd> OpenFolderOf(std::string_view key) const;
  Result<ObjectInfo> Look(int folder, std::string_view key, const std::string& name) const;
  // A name that is there but leads to no file is kUnavailable: "no such object" would mean that it was
  // deleted.
  Result<ObjectInfo> LookForReader(int folder, std::string_view key, const std::string& name) const;
  // One attempt. `changed` is set (and the object is worthless) when the file was not the same all along.
  Result<Object> ReadOnce(int folder, std::string_view key, const GetOptions& options, bool& changed) const;
  // For writing: the key's folder, made if missing.
  Result<Fd> MakeFolderOf(std::string_view key);
  Error WriteError(int error, std::string_view key) const;

  const std::string path_;  // absolute, no '/' at its end
  const Clock& clock_;
  FolderMaker folders_;
};

Result<Fd> LocalStore::OpenFolderOf(std::string_view key) const {
  RTL_CHECK(CheckLocalKey(key));
  const auto [folder, name] = SplitKey(key);
  if (IsTempName(name)) return Fail(Absent(key));
  RTL_TRY(Fd root, OpenRoot(path_, O_PATH));
  if (folder.empty()) return root;
  OpenedFolder opened = OpenFolder(root.get(), folder);
  if (MeansAbsent(opened.error)) return Fail(Absent(key));
  if (opened.error != 0) return Fail(ErrnoError(opened.error, "open folder", Path(folder)));
  return std::move(opened.fd);
}

Result<ObjectInfo> LocalStore::Look(int folder, std::string_view key, const std::string& name) const {
  const Timestamp now = clock_.Now();
  struct stat inode{};
  if (::fstatat(folder, name.c_str(), &inode, 0) != 0) {
    if (MeansAbsent(errno)) return Fail(Absent(key));
    return Fail(ErrnoError(errno, "look at", Path(key)));
  }
  if (!S_ISREG(inode.st_mode)) return Fail(Absent(key));
  return LocalInfo(std::string(key), inode, now);
}

Result<ObjectInfo> LocalStore::LookForReader(int folder, std::string_view key,
                                             const std::string& name) const {
  auto info = Look(folder, key, name);
  struct stat inode{};
  if (info || info.error().kind() != ErrorKind::kNotFound ||
      ::fstatat(folder, name.c_str(), &inode, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(inode.st_mode)) {
    return info;
  }
  if (S_ISREG(inode.st_mode)) return Look(folder, key, name);  // it came between the two looks
  if (S_ISLNK(inode.st_mode) && ::fstatat(folder, name.c_str(), &inode, 0) == 0 && S_ISDIR(inode.st_mode))
    return info;
  return Fail(ErrorKind::kUnavailable, PrintableKey(Path(key)) +
                                           " is a link that leads nowhere, or a pipe, socket or device: mend "
                                           "or remove it, or put the file back");
}

Result<ObjectInfo> LocalStore::Head(std::string_view key) {
  RTL_TRY(const Fd folder, OpenFolderOf(key));
  return LookForReader(folder.get(), key, std::string(SplitKey(key).name));
}

Result<Object> LocalStore::Get(std::string_view key, const GetOptions& options) {
  RTL_CHECK(CheckRange(options.range));
  RTL_TRY(const Fd folder, OpenFolderOf(key));
  for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
    bool changed = false;
    RTL_TRY(Object object, ReadOnce(folder.get(), key, options, changed));
    if (!changed) return object;
    if (options.pin) {
      return Fail(ErrorKind::kConflict, PrintableKey(Path(key)) + " changed while it was read");
    }
  }
  return Fail(ErrorKind::kUnavailable, PrintableKey(Path(key)) + " changes faster than it can be read");
}

Result<Object> LocalStore::ReadOnce(int folder, std::string_view key, const GetOptions& options,
                                    bool& changed) const {
  const std::string name(SplitKey(key).name);
  // Looked at before it is opened: opening a pipe, even for a moment, disturbs who writes to it.
  RTL_TRY(const ObjectInfo before, LookForReader(folder, key, name));
  if (!MatchesPin(options.pin, before.version)) {
    return Fail(ErrorKind::kConflict, PrintableKey(Path(key)) + " is not at the version asked for");
  }
  const Fd file(::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) {
    if (MeansAbsent(errno)) return Fail(Absent(key));
    return Fail(ErrnoError(errno, "read", Path(key)));
  }
  const auto is_still = [&](const ObjectInfo& info) { return info.version.etag == before.version.etag; };
  const auto opened_file_is_still = [&] {
    struct stat inode{};
    return ::fstat(file.get(), &inode) == 0 && S_ISREG(inode.st_mode) &&
           is_still(LocalInfo({}, inode, Timestamp{}));
  };
  changed = !opened_file_is_still();
  if (changed) return Object{};

  const ByteRange range = Clip(options.range, before.size);
  RTL_TRY(std::string bytes, ReadAt(file.get(), range.offset, range.length, Path(key)));
  // The path too: a file renamed over this one leaves ours as it was.
  RTL_TRY(const ObjectInfo after, Look(folder, key, name));
  changed =
      !opened_file_is_still() || !is_still(after) || bytes.size() != static_cast<std::size_t>(range.length);
  return Object{.info = before, .bytes = std::move(bytes)};
}

Result<Fd> LocalStore::MakeFolderOf(std::string_view key) {
  RTL_CHECK(CheckLocalKey(key));
  const auto [folder, name] = SplitKey(key);
  if (IsTempName(name)) {
    return Fail(ErrorKind::kBadData,
                fmt::format("key \"{}\" is named as temporary files are", PrintableKey(key)));
  }
  RTL_TRY(const Fd root, OpenRoot(path_, O_PATH));
  return folders_.Open(root.get(), folder, path_);
}

Error LocalStore::WriteError(int error, std::string_view key) const {
  if (error == EISDIR || error == ENOTEMPTY) {
    return Error(ErrorKind::kBadData, PrintableKey(Path(key)) + " is a folder");
  }
  if (error == ENOENT) {
    return Error(ErrorKind::kUnavailable, "the folder of " + PrintableKey(Path(key)) + " was removed");
  }
  return ErrnoError(error, "write", Path(key));
}

Result<> LocalStore::Put(std::string_view key, std::string_view bytes) {
  RTL_TRY(const Fd folder, MakeFolderOf(key));
  TempFile temp;
  if (const int error = TempFile::Write(folder.get(), bytes, temp); error != 0) {
    return Fail(WriteError(error, key));
  }
  const std::string name(SplitKey(key).name);
  if (::renameat(folder.get(), temp.name(), folder.get(), name.c_str()) != 0) {
    return Fail(WriteError(errno, key));
  }
  temp.Renamed();
  if (const int error = SyncFolder(folder.get()); error != 0) {
    return Fail(ErrnoError(error, "sync the folder of", Path(key)));
  }
  return {};
}

Result<PutIfAbsentOutcome> LocalStore::PutIfAbsent(std::string_view key, std::string_view bytes) {
  RTL_TRY(const Fd folder, MakeFolderOf(key));
  const std::string name(SplitKey(key).name);
  // Spares the write when another was first long ago.
  struct stat inode{};
  if (::fstatat(folder.get(), name.c_str(), &inode, AT_SYMLINK_NOFOLLOW) == 0) {
    const auto info = Look(folder.get(), key, name);
    if (info) return PutIfAbsentOutcome::kExists;
    if (info.error().kind() != ErrorKind::kNotFound) return Fail(info.error());
    return Fail(ErrorKind::kBadData, PrintableKey(Path(key)) + " is there, but is no regular file");
  }

  TempFile temp;
  if (const int error = TempFile::Write(folder.get(), bytes, temp); error != 0) {
    return Fail(WriteError(error, key));
  }
  const int linked = ::linkat(folder.get(), temp.name(), folder.get(), name.c_str(), 0) == 0 ? 0 : errno;
  const auto unknown = [&](int error, std::string_view action) {
    return Fail(ErrorKind::kCommitUnknown, ErrnoError(error, action, Path(key)).message());
  };
  switch (JudgeLink(linked, linked == 0 ? 2 : temp.Links())) {
    case LinkOutcome::kExists:
      return PutIfAbsentOutcome::kExists;
    case LinkOutcome::kNotDone:
      if (linked == EPERM || linked == EOPNOTSUPP || linked == ENOSYS) {
        return Fail(ErrorKind::kUnsupported,
                    fmt::format("cannot create {} only if absent: its file system has no hard links",
                                PrintableKey(Path(key))));
      }
      return Fail(WriteError(linked, key));
    case LinkOutcome::kUnknown:
      return unknown(linked, "create");
    case LinkOutcome::kCreated:
      break;
  }
  temp.Remove();
  if (const int error = SyncFolder(folder.get()); error != 0) return unknown(error, "sync the folder of");
  return PutIfAbsentOutcome::kCreated;
}

Result<> LocalStore::Delete(std::string_view key) {
  const auto is_absent = [](const Error& error) { return error.kind() == ErrorKind::kNotFound; };
  auto folder = OpenFolderOf(key);
  if (!folder) return is_absent(folder.error()) ? Result<>() : Fail(folder.error());
  const std::string name(SplitKey(key).name);
  // What is no object (a folder, a pipe) is not ours to remove.
  if (auto info = Look(folder->get(), key, name); !info) {
    return is_absent(info.error()) ? Result<>() : Fail(info.error());
  }
  if (::unlinkat(folder->get(), name.c_str(), 0) != 0 && !MeansAbsent(errno)) {
    return Fail(ErrnoError(errno, "delete", Path(key)));
  }
  return {};
}

// Makes `path` and what is missing above it, each durably.
Result<> MakeRoot(const std::filesystem::path& path) {
  const Fd there(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (there) return {};
  if (errno != ENOENT || !path.has_relative_path()) {
    return Fail(ErrnoError(errno, "open folder", path.native()));
  }
  RTL_CHECK(MakeRoot(path.parent_path()));
  if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) {
    return Fail(ErrnoError(errno, "make folder", path.native()));
  }
  // A parent that may not be read cannot be synced either; that is no reason to refuse the folder.
  const Fd parent(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (const int error = parent ? SyncFolder(parent.get()) : 0; error != 0) {
    return Fail(ErrnoError(error, "sync", path.parent_path().native()));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> OpenLocalStore(const std::string& root, bool create,
                                                    const Clock& clock) {
  if (root.empty() || root.find('\0') != root.npos) {
    return Fail(ErrorKind::kBadConfig, "a folder's path is empty or holds a NUL byte");
  }
  std::error_code error;
  std::filesystem::path path = std::filesystem::absolute(root, error);
  if (error) return Fail(ErrnoError(error.value(), "find", root));
  path = path.lexically_normal();
  if (!path.has_filename() && path.has_relative_path()) path = path.parent_path();
  if (create) RTL_CHECK(MakeRoot(path));
  if (!Fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC))) {
    return Fail(ErrnoError(errno, "open folder", path.native()));
  }
  return std::make_unique<LocalStore>(path.native(), clock);
}

}  // namespace rtl::store
