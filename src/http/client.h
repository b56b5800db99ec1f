// HTTP requests over libcurl: connections kept and reused, HTTP/1.1 and HTTP/2 (over TLS), proxies from the
// environment. Knows nothing of AWS; does not retry, does not follow redirects.
#pragma once

#include <chrono>
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
};

struct Response {
  int status = 0;
  std::vector<Header> headers;  // in order of arrival; names as sent
  std::string body;             // exactly Content-Length bytes where one was given

  // First header of that name, case ignored; empty when absent.
  std::string_view Header(std::string_view name) const;
};

// Any thread may call Send; each call takes a connection of its own from a pool.
class Client {
 public:
  virtual ~Client() = default;

  // A response of any status is a value. Errors name the method and the host and path, never the query or
  // headers:
  //   kUnavailable    certainly nothing reached the server (name look-up, connect, TLS handshake)
  //   kCommitUnknown  the server may have acted: sent, and no complete response came (reset, time-out, a body
  //                   shorter than its Content-Length)
  //   kBadConfig      a URL or a CA file that cannot be used; a certificate that does not verify
  //   kBadData        the response is longer than max_response_bytes, or no HTTP
  //   kCancelled      `stop` was requested
  virtual Result<Response> Send(const Request& request, std::stop_token stop = {}) = 0;
};

struct ClientOptions {
  std::string ca_file;    // PEM; empty: the system's, or SSL_CERT_FILE / CURL_CA_BUNDLE
  bool use_proxy = true;  // http_proxy, https_proxy, no_proxy; metadata endpoints never use one
};

std::unique_ptr<Client> MakeClient(const ClientOptions& options = {});

}  // namespace rtl::http
