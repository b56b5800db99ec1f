#include <fmt/format.h>

#include "s3/s3_store.h"

namespace rtl::s3 {

Result<Location> ParseUri(std::string_view uri) {
  const std::string_view whole = uri;
  const auto bad = [&](std::string_view why) {
    return Fail(ErrorKind::kBadConfig, fmt::format("{}: {}; write s3://bucket/prefix/", whole, why));
  };
  if (uri.starts_with("s3://")) {
    uri.remove_prefix(5);
  } else if (uri.starts_with("s3a://")) {
    uri.remove_prefix(6);
  } else {
    return bad("is not an address in S3");
  }
  const std::size_t slash = uri.find('/');
  Location location;
  location.bucket = uri.substr(0, slash);
  if (location.bucket.empty()) return bad("names no bucket");
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  };
  for (const char c : location.bucket) {
    if (!is_allowed(c)) return bad(fmt::format("\"{}\" cannot be a bucket's name", location.bucket));
  }
  if (slash != std::string_view::npos) location.prefix = uri.substr(slash + 1);
  if (!location.prefix.empty() && !location.prefix.ends_with('/')) location.prefix += '/';
  return location;
}

}  // namespace rtl::s3
