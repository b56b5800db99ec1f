#include "core/error.h"

#include <fmt/format.h>

namespace rtl {

std::string_view ToString(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kBadData:
      return "bad_data";
    case ErrorKind::kBadConfig:
      return "bad_config";
    case ErrorKind::kNotFound:
      return "not_found";
    case ErrorKind::kPermissionDenied:
      return "permission_denied";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kConflict:
      return "conflict";
    case ErrorKind::kCommitUnknown:
      return "commit_unknown";
    case ErrorKind::kResourceExhausted:
      return "resource_exhausted";
    case ErrorKind::kCancelled:
      return "cancelled";
    case ErrorKind::kUnsupported:
      return "unsupported";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "internal";
}

Error Error::Wrap(std::string_view context) const& {
  return Error(kind_, fmt::format("{}: {}", context, message_));
}

}  // namespace rtl
