// A folder of the local file system (or one mounted like it) as an object store.
//
// - A key is a path below the root; its bytes are the file name's, whatever they are. A key without an object
//   may be impossible to put: "a/b" where "a" is a file, a name the file system refuses (kBadData).
// - A link to a regular file is an object. A link to a folder is not descended into, by listing or by key.
//   Pipes, sockets and devices are never opened and are no objects.
// - Puts sync the file and its folder; each costs two syncs. Temporary files: local_folder.h.
// - An etag is made of size, inode, mtime and ctime. `settled` is false for a file that changed less than two
//   seconds before the look (ObjectVersion says why). A read compares before and after, by descriptor and by
//   path; a file that is written in place within one tick of the file system's clock may still be read half
//   old, half new, and is then unsettled.
// - A listing fails when a folder in it may not be read: a shorter listing would look like deleted objects.
// - PutIfAbsent needs hard links: kUnsupported where the file system has none.
#pragma once

#include <memory>
#include <string>

#include "core/time.h"
#include "store/object_store.h"

namespace rtl::store {

// `root`: a folder, made (with those above it) if `create`; else kNotFound when missing. Every call opens it
// by name again, so a folder that is moved away is missed (kUnavailable, also in Head) rather than silently
// followed. Relative: to the working directory as it is now. `clock` must outlive the store.
Result<std::unique_ptr<ObjectStore>> OpenLocalStore(const std::string& root, bool create,
                                                    const Clock& clock = SystemClock());

}  // namespace rtl::store
