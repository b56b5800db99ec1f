#include "store/link_outcome.h"

#include <cerrno>

namespace rtl::store {

LinkOutcome JudgeLink(int error, std::uint64_t links) {
  if (error == 0 || links >= 2) return LinkOutcome::kCreated;
  if (links == 0) return LinkOutcome::kUnknown;
  switch (error) {
    case EEXIST:
      return LinkOutcome::kExists;
    case EACCES:
    case EPERM:
    case EROFS:
    case ENOSPC:
    case EDQUOT:
    case EMLINK:
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENOMEM:
    case EOPNOTSUPP:
    case ENOSYS:
      return LinkOutcome::kNotDone;
    default:
      return LinkOutcome::kUnknown;
  }
}

}  // namespace rtl::store
