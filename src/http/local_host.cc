#include <arpa/inet.h>
#include <netinet/in.h>

#include <string>

#include "http/client.h"

namespace rtl::http {

bool IsLocalHost(std::string_view host) {
  if (host.size() > 1 && host.front() == '[') host = host.substr(1, host.size() - 2);
  if (host == "localhost") return true;
  const std::string text(host);
  in_addr four{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) {
    const auto address = ntohl(four.s_addr);
    return address >> 24 == 127 || address >> 16 == (169U << 8 | 254U);
  }
  in6_addr six{};
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return false;
  const auto* bytes = six.s6_addr;
  if (IN6_IS_ADDR_LOOPBACK(&six)) return true;
  if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) return true;
  return bytes[0] == 0xfd && bytes[1] == 0 && bytes[2] == 0x0e && bytes[3] == 0xc2;
}

}  // namespace rtl::http
