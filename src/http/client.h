// HTTP requests over libcurl: connections kept and reused, HTTP/1.1 and HTTP/2 (over TLS), proxies from the
// environment. Knows nothing of AWS; does not retry, does not follow redirects.
//
// libcurl sends a request again by itself, on a new connection, when a reused connection (or an HTTP/2 stream
// that was refused) ends before the first byte of an answer. It cannot know whether the server had acted.
// That is welcome where repeating does no harm, and shut off by Request::may_resend = false where it does.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace rtl::http {

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  std::string method = "GET";
  // scheme://host[:port]/path?query, encoded by the caller and sent byte for byte: no dot segments are
  // removed, nothing is encoded again.
  std::string url;
  std::vector<Header> headers;
  std::string_view body;  // must outlive Send
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds stall_timeout{30'000};  // no byte in either direction for this long
  std::chrono::milliseconds timeout{300'000};       // for all of it
  std::int64_t max_response_bytes = 1LL << 30;      // a longer body is kBadData, and the connection is closed
  // False for what must not be carried out twice, a conditional PUT: it is handed to a connection once, at
  // most, and takes no connection that was idle for more than a few seconds.
  bool may_resend = true;
};

struct Response {
  int status = 0;
  std::vector<http::Header> headers;  // in order of arrival; names as sent
  std::string body;                   // exactly Content-Length bytes where one was given

  // First header of that name, case ignored; empty when absent.
  std::string_view Header(std::string_view name) const;
};

// Any thread may call Send; each call takes a connection of its own from a pool.
class Client {
 public:
  virtual ~Client() = default;

  // A response of any status is a value. Errors name the method and the host and path, never the query or
  // headers:
  //   kUnavailable    certainly nothing reached the server (name look-up, connect, TLS handshake, proxy)
  //   kCommitUnknown  the server may have acted: sent, and no complete response came (reset, time-out, a body
  //                   shorter than its Content-Length)
  //   kBadConfig      a URL, a header or a CA file that cannot be used; a certificate that does not verify
  //   kBadData        the response is longer than max_response_bytes, or no HTTP; the server may have acted
  //   kCancelled      `stop` was requested, and nothing was sent or the request may be repeated; else that is
  //                   kCommitUnknown too
  virtual Result<Response> Send(const Request& request, std::stop_token stop = {}) = 0;
};

struct ClientOptions {
  std::string ca_file;    // PEM; empty: the system's, or SSL_CERT_FILE / CURL_CA_BUNDLE
  bool use_proxy = true;  // http_proxy, https_proxy, no_proxy; loopback and link-local never use one
  int max_idle = 256;     // connections kept for later, all hosts together
};

std::unique_ptr<Client> MakeClient(const ClientOptions& options = {});

// Never through a proxy: localhost, 127/8, ::1, 169.254/16, fe80::/10 and AWS's fd00:ec2::/32. `host` without
// port; IPv6 with or without brackets.
bool IsLocalHost(std::string_view host);

}  // namespace rtl::http
