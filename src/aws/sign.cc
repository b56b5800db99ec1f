#include "aws/sign.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>

namespace rtl::aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

struct Url {
  std::string_view host;   // with the port, where one is given
  std::string_view path;   // "/" at least
  std::string_view query;  // without '?'
};

Url Split(std::string_view url) {
  Url parts;
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  const std::size_t end_of_host = std::min(url.find_first_of("/?#"), url.size());
  parts.host = url.substr(0, end_of_host);
  url.remove_prefix(end_of_host);
  url = url.substr(0, url.find('#'));
  const std::size_t question = url.find('?');
  parts.path = url.substr(0, question);
  if (question != std::string_view::npos) parts.query = url.substr(question + 1);
  if (parts.path.empty()) parts.path = "/";
  return parts;
}

// RFC 3986, 5.2.4, and empty segments folded.
std::string Normalise(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(segment);
    }
  }
  std::string out;
  for (const std::string_view segment : kept) out += fmt::format("/{}", segment);
  if (out.empty() || folder) out += '/';
  return out;
}

std::string Decode(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string CanonicalQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view one = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (one.empty()) continue;
    const std::size_t equals = std::min(one.find('='), one.size());
    const std::string_view value = equals < one.size() ? one.substr(equals + 1) : std::string_view();
    parameters.emplace_back(UriEncode(Decode(one.substr(0, equals)), false), UriEncode(Decode(value), false));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string out;
  for (const auto& [name, value] : parameters) out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
  return out;
}

// Outer blanks gone, inner runs of blanks one.
std::string Trim(std::string_view value) {
  std::string out;
  bool blank = false;
  for (const char c : value) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      blank = true;
      continue;
    }
    if (blank && !out.empty()) out += ' ';
    blank = false;
    out += c;
  }
  return out;
}

std::map<std::string, std::string> CanonicalHeaders(const http::Request& request) {
  std::map<std::string, std::string> headers;
  for (const http::Header& header : request.headers) {
    std::string name = header.name;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    std::string& value = headers[name];
    value += (value.empty() ? "" : ",") + Trim(header.value);
  }
  return headers;
}

std::string SignedHeaders(const std::map<std::string, std::string>& headers) {
  std::string out;
  for (const auto& [name, value] : headers) out += (out.empty() ? "" : ";") + name;
  return out;
}

std::string Stamp(Timestamp now) {
  return fmt::format("{:%Y%m%dT%H%M%SZ}", std::chrono::floor<std::chrono::seconds>(now));
}

std::string ScopeText(const SignScope& scope, std::string_view stamp) {
  return fmt::format("{}/{}/{}/aws4_request", stamp.substr(0, 8), scope.region, scope.service);
}

std::string Signature(const http::Request& request, const Credentials& credentials, const SignScope& scope,
                      std::string_view stamp, std::string_view content_sha256) {
  const std::string to_sign = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, stamp, ScopeText(scope, stamp),
                                          Sha256Hex(CanonicalRequest(request, scope, content_sha256)));
  std::string key = HmacSha256("AWS4" + credentials.secret_access_key, stamp.substr(0, 8));
  key = HmacSha256(key, scope.region);
  key = HmacSha256(key, scope.service);
  key = HmacSha256(key, "aws4_request");
  return Hex(HmacSha256(key, to_sign));
}

bool HasHeader(const http::Request& request, std::string_view name) {
  const auto headers = CanonicalHeaders(request);
  return headers.contains(std::string(name));
}

}  // namespace

std::string Sha256Hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return Hex({reinterpret_cast<const char*>(digest.data()), size});
}

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(), &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string UriEncode(std::string_view text, bool keep_slashes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~' || (keep_slashes && c == '/');
    if (plain) {
      out += c;
      continue;
    }
    out += '%';
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string CanonicalRequest(const http::Request& request, const SignScope& scope,
                             std::string_view content_sha256) {
  const Url url = Split(request.url);
  const std::string path =
      scope.path_as_sent ? std::string(url.path) : UriEncode(scope.normalise_path ? Normalise(url.path) : std::string(url.path), true);
  const auto headers = CanonicalHeaders(request);
  std::string out = fmt::format("{}\n{}\n{}\n", request.method, path, CanonicalQuery(url.query));
  for (const auto& [name, value] : headers) out += fmt::format("{}:{}\n", name, value);
  out += fmt::format("\n{}\n{}", SignedHeaders(headers), content_sha256);
  return out;
}

void Sign(http::Request& request, const Credentials& credentials, const SignScope& scope, Timestamp now,
          std::string_view content_sha256) {
  if (!HasHeader(request, "host")) request.headers.push_back({"Host", std::string(Split(request.url).host)});
  if (credentials.access_key_id.empty()) return;
  const std::string hash = content_sha256.empty() ? Sha256Hex(request.body) : std::string(content_sha256);
  const std::string stamp = Stamp(now);
  request.headers.push_back({"X-Amz-Date", stamp});
  if (scope.send_content_hash) request.headers.push_back({"x-amz-content-sha256", hash});
  if (!credentials.session_token.empty() && !scope.token_unsigned) {
    request.headers.push_back({"X-Amz-Security-Token", credentials.session_token});
  }
  const std::string signed_headers = SignedHeaders(CanonicalHeaders(request));
  request.headers.push_back(
      {"Authorization", fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                                    credentials.access_key_id, ScopeText(scope, stamp), signed_headers,
                                    Signature(request, credentials, scope, stamp, hash))});
  if (!credentials.session_token.empty() && scope.token_unsigned) {
    request.headers.push_back({"X-Amz-Security-Token", credentials.session_token});
  }
}

std::string Presign(const http::Request& request, const Credentials& credentials, const SignScope& scope,
                    Timestamp now, std::chrono::seconds expires, std::string_view content_sha256) {
  http::Request made = request;
  if (!HasHeader(made, "host")) made.headers.push_back({"Host", std::string(Split(made.url).host)});
  const std::string hash = content_sha256.empty() ? Sha256Hex(request.body) : std::string(content_sha256);
  const std::string stamp = Stamp(now);
  const std::string token = credentials.session_token.empty()
                                ? std::string()
                                : "&X-Amz-Security-Token=" + UriEncode(credentials.session_token, false);
  made.url += made.url.find('?') == std::string::npos ? '?' : '&';
  made.url += fmt::format(
      "X-Amz-Algorithm={}&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={}&X-Amz-SignedHeaders={}", kAlgorithm,
      UriEncode(fmt::format("{}/{}", credentials.access_key_id, ScopeText(scope, stamp)), false), stamp,
      expires.count(), UriEncode(SignedHeaders(CanonicalHeaders(made)), false));
  if (!scope.token_unsigned) made.url += token;
  const std::string signature = Signature(made, credentials, scope, stamp, hash);
  made.url += "&X-Amz-Signature=" + signature;
  if (scope.token_unsigned) made.url += token;
  return made.url;
}

}  // namespace rtl::aws
