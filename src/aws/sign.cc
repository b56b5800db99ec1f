#include "aws/sign.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstdint>
#include <map>

#include "http/url.h"

namespace rtl::aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

bool IsUnreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

void AppendEncoded(std::string& to, char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  to += '%';
  to += kDigits[byte >> 4];
  to += kDigits[byte & 15];
}

std::string Encode(std::string_view text, std::string_view kept) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (IsUnreserved(c) || kept.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      AppendEncoded(encoded, c);
    }
  }
  return encoded;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::string Decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
    if (low >= 0) {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::string ToHex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes)
    fmt::format_to(std::back_inserter(hex), "{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

// RFC 3986, 5.2.4, and no empty segments.
std::string NormalisePath(std::string_view path) {
  std::vector<std::string_view> segments;
  bool ends_open = true;  // the path ends with a slash
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    ends_open = slash != std::string_view::npos || segment == "." || segment == "..";
    if (segment == ".." && !segments.empty()) segments.pop_back();
    if (!segment.empty() && segment != "." && segment != "..") segments.push_back(segment);
  }
  std::string normal = "/";
  for (const auto segment : segments) normal.append(segment).append("/");
  if (!ends_open) normal.pop_back();
  return normal;
}

std::string CanonicalPath(std::string_view path, bool as_sent) {
  // as sent: what is encoded stays so, and a stray character is encoded as the service will see it
  return as_sent ? Encode(path, "/%") : Encode(NormalisePath(path), "/");
}

std::string CanonicalQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(std::min(query.size(), end + 1));
    if (parameter.empty()) continue;
    const auto equals = parameter.find('=');
    const auto value = equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1);
    parameters.emplace_back(UriEncode(Decode(parameter.substr(0, equals)), false),
                            UriEncode(Decode(value), false));
  }
  std::ranges::sort(parameters);
  std::string canonical;
  for (const auto& [name, value] : parameters) {
    canonical.append(canonical.empty() ? "" : "&").append(name).append("=").append(value);
  }
  return canonical;
}

// Without white space at its ends, each run of it inside as one space.
std::string CanonicalValue(std::string_view value) {
  std::string canonical;
  bool gap = false;
  for (const char c : value) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      gap = !canonical.empty();
      continue;
    }
    if (gap) canonical += ' ';
    gap = false;
    canonical += c;
  }
  return canonical;
}

// By lower-case name; those of one name in their order, with commas.
std::map<std::string, std::string> CanonicalHeaders(const http::Request& request) {
  std::map<std::string, std::string> headers;
  for (const auto& header : request.headers) {
    const std::string value = CanonicalValue(header.value);
    const auto [entry, added] = headers.emplace(Lower(header.name), value);
    if (!added) entry->second.append(",").append(value);
  }
  return headers;
}

std::string SignedHeaders(const http::Request& request) {
  std::string names;
  for (const auto& [name, value] : CanonicalHeaders(request)) {
    names.append(names.empty() ? "" : ";").append(name);
  }
  return names;
}

bool HasHeader(const http::Request& request, std::string_view lower_name) {
  return std::ranges::any_of(request.headers,
                             [&](const auto& header) { return Lower(header.name) == lower_name; });
}

void AddHost(http::Request& request) {
  if (HasHeader(request, "host")) return;
  const http::UrlParts url = http::SplitUrl(request.url);
  const bool usual = url.port.empty() || (url.scheme == "https" && url.port == "443") ||
                     (url.scheme == "http" && url.port == "80");
  request.headers.push_back({"Host", std::string(usual ? url.host : url.authority)});
}

struct SigningTime {
  std::string date;  // 20150830
  std::string time;  // 20150830T123600Z
};

SigningTime FormatTime(Timestamp now) {
  const auto days = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day day(days);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(now - days));
  SigningTime text;
  text.date = fmt::format("{:04}{:02}{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                          static_cast<unsigned>(day.day()));
  text.time = fmt::format("{}T{:02}{:02}{:02}Z", text.date, clock.hours().count(), clock.minutes().count(),
                          clock.seconds().count());
  return text;
}

std::string ScopeText(const SignScope& scope, const SigningTime& at) {
  return fmt::format("{}/{}/{}/aws4_request", at.date, scope.region, scope.service);
}

std::string Signature(const http::Request& request, const Credentials& credentials, const SignScope& scope,
                      const SigningTime& at, std::string_view content_sha256) {
  std::string key = HmacSha256("AWS4" + credentials.secret_access_key, at.date);
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service), std::string_view("aws4_request")}) {
    key = HmacSha256(key, part);
  }
  return ToHex(HmacSha256(key, StringToSign(request, scope, at.time, content_sha256)));
}

std::string HashOf(const http::Request& request, std::string_view content_sha256) {
  return content_sha256.empty() ? Sha256Hex(request.body) : std::string(content_sha256);
}

void AddParameter(std::string& url, std::string_view name, std::string_view value) {
  url += url.find('?') == std::string::npos ? '?' : '&';
  url.append(name).append("=").append(UriEncode(value, false));
}

}  // namespace

void Sign(http::Request& request, const Credentials& credentials, const SignScope& scope, Timestamp now,
          std::string_view content_sha256) {
  AddHost(request);
  if (credentials.access_key_id.empty()) return;
  const std::string hash = HashOf(request, content_sha256);
  const SigningTime at = FormatTime(now);
  const http::Header token{"X-Amz-Security-Token", credentials.session_token};
  const auto before_date = static_cast<std::ptrdiff_t>(request.headers.size());
  if (!token.value.empty() && scope.sign_session_token) request.headers.push_back(token);
  request.headers.push_back({"X-Amz-Date", at.time});
  if (scope.send_content_hash) request.headers.push_back({"x-amz-content-sha256", hash});
  std::string authorization = fmt::format(
      "{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm, credentials.access_key_id,
      ScopeText(scope, at), SignedHeaders(request), Signature(request, credentials, scope, at, hash));
  if (!token.value.empty() && !scope.sign_session_token) {
    request.headers.insert(request.headers.begin() + before_date, token);
  }
  request.headers.push_back({"Authorization", std::move(authorization)});
}

std::string Presign(const http::Request& request, const Credentials& credentials, const SignScope& scope,
                    Timestamp now, std::chrono::seconds expires, std::string_view content_sha256) {
  if (credentials.access_key_id.empty()) return request.url;
  http::Request signing = request;
  AddHost(signing);
  const SigningTime at = FormatTime(now);
  AddParameter(signing.url, "X-Amz-Algorithm", kAlgorithm);
  AddParameter(signing.url, "X-Amz-Credential",
               fmt::format("{}/{}", credentials.access_key_id, ScopeText(scope, at)));
  AddParameter(signing.url, "X-Amz-Date", at.time);
  AddParameter(signing.url, "X-Amz-SignedHeaders", SignedHeaders(signing));
  AddParameter(signing.url, "X-Amz-Expires", std::to_string(expires.count()));
  const bool has_token = !credentials.session_token.empty();
  if (has_token && scope.sign_session_token) {
    AddParameter(signing.url, "X-Amz-Security-Token", credentials.session_token);
  }
  const std::string signature = Signature(signing, credentials, scope, at, HashOf(request, content_sha256));
  if (has_token && !scope.sign_session_token) {
    AddParameter(signing.url, "X-Amz-Security-Token", credentials.session_token);
  }
  AddParameter(signing.url, "X-Amz-Signature", signature);
  return signing.url;
}

std::string CanonicalRequest(const http::Request& request, const SignScope& scope,
                             std::string_view content_sha256) {
  const http::UrlParts url = http::SplitUrl(request.url);
  std::string headers;
  for (const auto& [name, value] : CanonicalHeaders(request)) {
    headers.append(name).append(":").append(value).append("\n");
  }
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, CanonicalPath(url.path, scope.path_as_sent),
                     CanonicalQuery(url.query), headers, SignedHeaders(request),
                     HashOf(request, content_sha256));
}

std::string StringToSign(const http::Request& request, const SignScope& scope, std::string_view amz_date,
                         std::string_view content_sha256) {
  return fmt::format("{}\n{}\n{}/{}/{}/aws4_request\n{}", kAlgorithm, amz_date, amz_date.substr(0, 8),
                     scope.region, scope.service,
                     Sha256Hex(CanonicalRequest(request, scope, content_sha256)));
}

std::string Sha256Hex(std::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
             EVP_sha256(), nullptr);
  return ToHex(digest);
}

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
       reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  return digest;
}

std::string UriEncode(std::string_view text, bool keep_slashes) {
  return Encode(text, keep_slashes ? "/" : "");
}

}  // namespace rtl::aws
