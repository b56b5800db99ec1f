#include "delta/data_path.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace rtl::delta {
namespace {

constexpr bool IsAlpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// RFC 2396 "pchar" and '/', without ':' (in a first segment it would end a scheme).
constexpr auto kStandsForItself = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 128; ++c) {
    table[c] = IsAlpha(static_cast<char>(c)) || IsDigit(static_cast<char>(c));
  }
  for (const char c : std::string_view("-_.!~*'()@&=+$,;/")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool StandsForItself(char c) {
  return kStandsForItself[static_cast<unsigned char>(c)];
}

// Length of "scheme:" where a '/' follows; 0 when there is none.
std::size_t SchemeLength(std::string_view path) {
  if (path.empty() || !IsAlpha(path[0])) return 0;
  for (std::size_t i = 1; i < path.size(); ++i) {
    const char c = path[i];
    if (c == ':') return i + 1 < path.size() && path[i + 1] == '/' ? i + 1 : 0;
    if (!IsAlpha(c) && !IsDigit(c) && c != '+' && c != '-' && c != '.') return 0;
  }
  return 0;
}

}  // namespace

std::string DecodePath(std::string_view uri) {
  if (!uri.contains('%')) return std::string(uri);
  std::string path;
  path.reserve(uri.size());
  for (std::size_t i = 0; i < uri.size(); ++i) {
    if (uri[i] == '%' && i + 2 < uri.size()) {
      const int high = HexDigit(uri[i + 1]);
      const int low = HexDigit(uri[i + 2]);
      if (high >= 0 && low >= 0) {
        path += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    path += uri[i];
  }
  return path;
}

std::string EncodePath(std::string_view path) {
  if (std::ranges::all_of(path, StandsForItself)) return std::string(path);
  const std::size_t scheme = SchemeLength(path);
  std::string uri(path.substr(0, scheme));
  uri.reserve(path.size());
  for (const char c : path.substr(scheme)) {
    if (StandsForItself(c)) {
      uri += c;
    } else {
      constexpr std::string_view kHex = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      uri += '%';
      uri += kHex[byte >> 4];
      uri += kHex[byte & 15];
    }
  }
  return uri;
}

bool IsAbsolutePath(std::string_view path) {
  return path.starts_with('/') || SchemeLength(path) > 0;
}

bool HasDotSegment(std::string_view path) {
  for (std::size_t begin = 0; begin <= path.size();) {
    std::size_t end = path.find('/', begin);
    if (end == std::string_view::npos) end = path.size();
    const std::string_view segment = path.substr(begin, end - begin);
    if (segment == "." || segment == "..") return true;
    begin = end + 1;
  }
  return false;
}

std::string FileKey(std::string_view path) {
  if (path.starts_with("file:///")) return std::string(path.substr(7));
  if (path.starts_with("file:/") && !path.starts_with("file://")) return std::string(path.substr(5));
  return std::string(path);
}

}  // namespace rtl::delta
