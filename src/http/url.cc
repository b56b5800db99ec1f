#include "http/url.h"

namespace rtl::http {

UrlParts SplitUrl(std::string_view url) {
  UrlParts parts;
  const auto take = [&url](std::size_t count, std::size_t skip) {
    const std::string_view head = url.substr(0, count);
    url.remove_prefix(std::min(url.size(), head.size() + skip));
    return head;
  };
  if (const auto at = url.find("://"); at != std::string_view::npos) parts.scheme = take(at, 3);
  parts.authority = take(std::min(url.find_first_of("/?"), url.size()), 0);
  const auto question = url.find('?');
  parts.path = take(std::min(question, url.size()), 1);
  parts.query = url;
  if (parts.path.empty()) parts.path = "/";

  parts.host = parts.authority.substr(parts.authority.find('@') + 1);  // npos + 1 == 0: no user
  const auto bracket = parts.host.rfind(']');
  const auto colon = parts.host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    parts.port = parts.host.substr(colon + 1);
    parts.host = parts.host.substr(0, colon);
  }
  return parts;
}

}  // namespace rtl::http
