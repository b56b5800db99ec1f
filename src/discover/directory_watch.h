// Hints from the operating system (inotify) that files of a local source may have changed.
//
// A hint is only a reason to look at a key; what is true, a HEAD or a listing says, and a periodic listing
// finds what no hint told of: files that are written without ever being closed, changes behind links, what
// other hosts do on a shared file system, folders beyond inotify's limits.
#pragma once

#include <sys/inotify.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "store/posix_file.h"

namespace rtl::discover {

// Watches a folder and all below it, also folders that come later. Names that IsIgnoredKey() are passed over.
class DirectoryWatch {
 public:
  // Called with a key relative to the root, '/'-separated, of a file that was written and closed, linked,
  // moved or deleted; with an empty key when anything may have changed (events were lost, a folder was moved
  // away, the root vanished or came back): list everything.
  using OnHint = std::function<void(std::string key)>;
  // Called with a line for the log, when something cannot be watched and so waits for the listing.
  using OnNotice = std::function<void(std::string text)>;

  // Everything that is in the tree is watched when this returns; what is already there gives no hints.
  // Both are called from the watch's own thread, notices also from within Open; they must not block for long,
  // and not destroy the watch. `on_notice` may be empty. kNotFound, kPermissionDenied: the root.
  // kResourceExhausted: no inotify instance to be had (fs.inotify.max_user_instances); the caller goes on
  // with listings alone. A full fs.inotify.max_user_watches is no error but a notice.
  static Result<std::unique_ptr<DirectoryWatch>> Open(std::string root, OnHint on_hint,
                                                      OnNotice on_notice = {});
  ~DirectoryWatch();  // stops and joins the thread; no callback after it
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

 private:
  DirectoryWatch(std::string root, OnHint on_hint, OnNotice on_notice);
  int WatchRoot();  // 0 or an errno
  void WatchTree(const std::string& top, std::vector<std::string>* files);
  void WatchNewFolder(const std::string& folder);
  void ForgetTree(const std::string& top);
  void Remember(int watch, std::string folder);
  void Rebuild();
  void LoseRoot();
  void Run();
  void ReadEvents();
  void Handle(const inotify_event& event);
  void HandleInFolder(const inotify_event& event, const std::string& folder);
  void Notice(std::string text) const;
  std::string Path(const std::string& key) const { return root_ + "/" + key; }

  const std::string root_;
  const OnHint on_hint_;
  const OnNotice on_notice_;
  store::Fd inotify_;
  store::Fd stop_;       // an eventfd: readable when the thread is to end
  int root_watch_ = -1;  // -1: the root is gone, its coming back is awaited
  // Both ways; a folder is "" or ends in '/'. Only the thread (in Open: before it exists) uses them.
  std::unordered_map<int, std::string> folders_;
  std::map<std::string, int> watches_;
  std::jthread thread_;
};

}  // namespace rtl::discover
