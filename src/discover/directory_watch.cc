#include "discover/directory_watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "discover/source_listing.h"

namespace rtl::discover {
namespace {

constexpr std::uint32_t kEvents =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ONLYDIR;
// Links to folders are not followed, as in listings; the root itself may be one.
constexpr std::uint32_t kFolderEvents = kEvents | IN_DONT_FOLLOW;
constexpr std::uint32_t kRootEvents = kEvents | IN_DELETE_SELF | IN_MOVE_SELF;
// What a watch reports of itself, asked for or not.
constexpr std::uint32_t kRootLost = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
constexpr std::uint32_t kAppeared = IN_CREATE | IN_MOVED_TO;
constexpr int kRootRetryMillis = 200;
// A new folder with more files than this gives one hint to list rather than so many to look.
constexpr std::size_t kMaxHintsOfFolder = 1000;

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

struct Entry {
  std::string name;
  bool is_folder;
};

// Files, links and folders; empty when the folder vanished: an event tells of that.
std::vector<Entry> EntriesOf(const std::string& path) {
  std::vector<Entry> entries;
  const std::unique_ptr<DIR, CloseDir> dir(::opendir(path.c_str()));
  if (!dir) return entries;
  while (const dirent* entry = ::readdir(dir.get())) {
    if (IsIgnoredKey(entry->d_name)) continue;
    unsigned char type = entry->d_type;
    if (type == DT_UNKNOWN) {
      struct stat inode{};
      if (::fstatat(::dirfd(dir.get()), entry->d_name, &inode, AT_SYMLINK_NOFOLLOW) != 0) continue;
      type = S_ISDIR(inode.st_mode) ? DT_DIR : DT_REG;
    }
    if (type == DT_DIR || type == DT_REG || type == DT_LNK)
      entries.push_back({entry->d_name, type == DT_DIR});
  }
  return entries;
}

std::string Reason(int error) {
  if (error == ENOSPC) {
    return "inotify's limit of watched folders is reached; raise fs.inotify.max_user_watches";
  }
  return std::generic_category().message(error);
}

// A name that appeared without being opened for writing, so that no close will follow: a link.
bool IsLink(const std::string& path) {
  struct stat inode{};
  if (::lstat(path.c_str(), &inode) != 0) return false;
  return S_ISLNK(inode.st_mode) || (S_ISREG(inode.st_mode) && inode.st_nlink > 1);
}

}  // namespace

DirectoryWatch::DirectoryWatch(std::string root, OnHint on_hint, OnNotice on_notice)
    : root_(std::move(root)), on_hint_(std::move(on_hint)), on_notice_(std::move(on_notice)) {}

Result<std::unique_ptr<DirectoryWatch>> DirectoryWatch::Open(std::string root, OnHint on_hint,
                                                             OnNotice on_notice) {
  std::unique_ptr<DirectoryWatch> watch(
      new DirectoryWatch(std::move(root), std::move(on_hint), std::move(on_notice)));
  watch->inotify_ = store::Fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!watch->inotify_) {
    if (errno == EMFILE) {
      return Fail(ErrorKind::kResourceExhausted,
                  fmt::format("cannot watch {}: no inotify instance or file descriptor is left (raise "
                              "fs.inotify.max_user_instances or ulimit -n)",
                              watch->root_));
    }
    return Fail(store::ErrnoError(errno, "watch", watch->root_));
  }
  watch->stop_ = store::Fd(::eventfd(0, EFD_CLOEXEC));
  if (!watch->stop_) return Fail(store::ErrnoError(errno, "watch", watch->root_));
  if (const int error = watch->WatchRoot(); error == ENOSPC) {
    // Not even one watch for the root: the thread goes on trying.
    watch->Notice(fmt::format("{} is not watched; its changes are found by the next listing ({})",
                              watch->root_, Reason(error)));
  } else if (error != 0) {
    return Fail(store::ErrnoError(error, "watch", watch->root_));
  }
  watch->thread_ = std::jthread([raw = watch.get()] { raw->Run(); });
  return watch;
}

DirectoryWatch::~DirectoryWatch() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  while (::write(stop_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  thread_.join();
}

void DirectoryWatch::Notice(std::string text) const {
  if (on_notice_) on_notice_(std::move(text));
}

int DirectoryWatch::WatchRoot() {
  root_watch_ = ::inotify_add_watch(inotify_.get(), root_.c_str(), kRootEvents);
  if (root_watch_ < 0) return errno;
  Remember(root_watch_, "");
  WatchTree("", nullptr);
  return 0;
}

void DirectoryWatch::Remember(int watch, std::string folder) {
  // A folder that was moved, and whose move is still to be read, keeps its number under another name.
  if (const auto known = folders_.find(watch); known != folders_.end()) watches_.erase(known->second);
  // A folder that was replaced by another: the old number is of no use any more.
  if (const auto known = watches_.find(folder); known != watches_.end()) folders_.erase(known->second);
  watches_[folder] = watch;
  folders_[watch] = std::move(folder);
}

// `top` is watched already. Each folder is watched first and read then: what comes into it in between is
// found twice rather than never. The keys of the files are added to `files`, if given.
void DirectoryWatch::WatchTree(const std::string& top, std::vector<std::string>* files) {
  std::size_t unwatched = 0;
  std::string first_reason;
  std::vector<std::string> open = {top};
  while (!open.empty()) {
    const std::string folder = std::move(open.back());
    open.pop_back();
    for (const Entry& entry : EntriesOf(Path(folder))) {
      std::string key = folder + entry.name;
      if (!entry.is_folder) {
        if (files != nullptr) files->push_back(std::move(key));
        continue;
      }
      const int watch = ::inotify_add_watch(inotify_.get(), Path(key).c_str(), kFolderEvents);
      const int error = watch < 0 ? errno : 0;
      if (error == ENOENT || error == ENOTDIR || error == ELOOP) continue;  // gone again
      if (error == 0) {
        Remember(watch, key + "/");
      } else if (unwatched++ == 0) {
        first_reason = fmt::format("{}: {}", Path(key), Reason(error));
      }
      open.push_back(key + "/");
    }
  }
  if (unwatched > 0) {
    Notice(fmt::format("{} folder(s) are not watched; their changes are found by the next listing ({})",
                       unwatched, first_reason));
  }
}

void DirectoryWatch::WatchNewFolder(const std::string& folder) {
  std::vector<std::string> files;
  const int watch = ::inotify_add_watch(inotify_.get(), Path(folder).c_str(), kFolderEvents);
  if (watch < 0) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return;
    Notice(fmt::format("{} is not watched; its changes are found by the next listing ({})", Path(folder),
                       Reason(errno)));
  } else {
    Remember(watch, folder);
  }
  WatchTree(folder, &files);
  if (files.size() > kMaxHintsOfFolder) {
    on_hint_({});
    return;
  }
  for (std::string& key : files) on_hint_(std::move(key));
}

void DirectoryWatch::ForgetTree(const std::string& top) {
  auto at = watches_.lower_bound(top);
  while (at != watches_.end() && at->first.starts_with(top)) {
    ::inotify_rm_watch(inotify_.get(), at->second);
    folders_.erase(at->second);
    at = watches_.erase(at);
  }
}

// After lost events nothing that is remembered of the tree can be trusted.
void DirectoryWatch::Rebuild() {
  ForgetTree("");
  if (WatchRoot() != 0) {
    LoseRoot();
    return;
  }
  on_hint_({});
}

void DirectoryWatch::LoseRoot() {
  ForgetTree("");
  root_watch_ = -1;
  Notice(fmt::format("{} cannot be watched any more: it was removed, renamed or unmounted", root_));
  on_hint_({});
}

void DirectoryWatch::Run() {
  std::array<pollfd, 2> ready = {pollfd{.fd = inotify_.get(), .events = POLLIN},
                                 pollfd{.fd = stop_.get(), .events = POLLIN}};
  for (;;) {
    const int count = ::poll(ready.data(), ready.size(), root_watch_ < 0 ? kRootRetryMillis : -1);
    if (count < 0 && errno != EINTR) {
      Notice(fmt::format("{} is not watched any more: {}", root_, std::generic_category().message(errno)));
      return;
    }
    if (count > 0 && ready[1].revents != 0) return;
    if (count > 0 && ready[0].revents != 0) ReadEvents();
    if (root_watch_ < 0 && WatchRoot() == 0) {
      Notice(fmt::format("{} is watched again", root_));
      on_hint_({});
    }
  }
}

void DirectoryWatch::ReadEvents() {
  alignas(inotify_event) std::array<char, 64 * 1024> buffer;
  const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
  for (ssize_t at = 0; at < size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
    at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    Handle(*event);
  }
}

void DirectoryWatch::Handle(const inotify_event& event) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) return Rebuild();
  const auto known = folders_.find(event.wd);
  if (known == folders_.end()) return;  // forgotten since
  if (event.wd == root_watch_ && (event.mask & kRootLost) != 0) {
    return LoseRoot();
  }
  if ((event.mask & IN_UNMOUNT) != 0) return on_hint_({});
  if ((event.mask & IN_IGNORED) != 0) {  // removed; its files have had their own events
    watches_.erase(known->second);
    folders_.erase(known);
    return;
  }
  HandleInFolder(event, std::string(known->second));
}

void DirectoryWatch::HandleInFolder(const inotify_event& event, const std::string& folder) {
  if (event.len == 0 || IsIgnoredKey(event.name)) return;
  std::string key = folder + event.name;
  if ((event.mask & IN_ISDIR) != 0) {
    key += '/';
    if ((event.mask & IN_MOVED_FROM) != 0) {
      ForgetTree(key);
      on_hint_({});  // what was in it is not known here
    } else if ((event.mask & kAppeared) != 0) {
      WatchNewFolder(key);
    }
    return;
  }
  // Of a file that is just made the close is awaited: looked at now, it would be seen half written.
  if ((event.mask & IN_CREATE) != 0 && !IsLink(Path(key))) return;
  on_hint_(std::move(key));
}

}  // namespace rtl::discover
