// The parts of a URL as a request needs them; nothing is decoded or changed.
#pragma once

#include <string_view>

namespace rtl::http {

// Views into the URL. `https://user@host:1/a/b?c=d` → scheme "https", authority "user@host:1", host "host",
// port "1", path "/a/b" ("/" when there is none), query "c=d". A host in brackets keeps them.
struct UrlParts {
  std::string_view scheme;
  std::string_view authority;
  std::string_view host;
  std::string_view port;
  std::string_view path;
  std::string_view query;
};

UrlParts SplitUrl(std::string_view url);

}  // namespace rtl::http
