// Which version of an object: what a HEAD, a GET or a listing says of it, and what the ledger records.
#pragma once

#include <string>

namespace rtl {

struct ObjectVersion {
  std::string etag;        // opaque; on local disk made of size, inode, mtime and ctime
  std::string version_id;  // empty where the store has no versions
  // False while the object is so young that it may change again without its etag changing (local disk: it
  // changed less than two seconds before the look). An unsettled version has another identity than the
  // settled one of the same etag, so the object is looked at once more when it has settled, as git treats
  // racy index entries.
  bool settled = true;

  // What versions are compared by: version_id, else the etag, marked with "~" while unsettled.
  std::string Identity() const;
  // What rows carry in source_version: version_id, else the etag.
  const std::string& Name() const { return version_id.empty() ? etag : version_id; }

  bool operator==(const ObjectVersion&) const = default;
};

}  // namespace rtl
