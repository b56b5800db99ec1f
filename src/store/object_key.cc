#include "store/object_key.h"

#include <fmt/format.h>

#include <iterator>
#include <string>

namespace rtl::store {

Result<> CheckKey(std::string_view key) {
  const auto refuse = [&](std::string_view why) {
    return Fail(ErrorKind::kBadData, fmt::format("key \"{}\" {}", PrintableKey(key), why));
  };
  if (key.empty()) return refuse("is empty");
  if (key.front() == '/') return refuse("begins with '/'");
  if (key.find('\0') != key.npos) return refuse("holds a NUL byte");
  for (std::size_t begin = 0; begin <= key.size();) {
    const std::size_t end = std::min(key.find('/', begin), key.size());
    const std::string_view segment = key.substr(begin, end - begin);
    if (segment == "." || segment == "..") return refuse("has a \".\" or \"..\" segment");
    begin = end + 1;
  }
  return {};
}

std::string PrintableKey(std::string_view key) {
  std::string out;
  out.reserve(key.size());
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '\\') {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace rtl::store
