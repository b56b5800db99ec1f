// One libcurl handle with the connections it keeps: carries one request at a time.
#pragma once

#include <curl/curl.h>
#include <openssl/types.h>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "core/error.h"
#include "http/client.h"

namespace rtl::http {

// What all channels of a client have in common. Threads: read only, `share` locks by itself.
struct ChannelSetup {
  CURLSH* share = nullptr;
  bool use_proxy = true;
};

// Threads: one call at a time.
class CurlChannel {
 public:
  CurlChannel();
  ~CurlChannel();
  CurlChannel(const CurlChannel&) = delete;
  CurlChannel& operator=(const CurlChannel&) = delete;

  // As Client::Send. `trust`: needed for https.
  Result<Response> Send(const Request& request, const ChannelSetup& setup, X509_STORE* trust,
                        const std::stop_token& stop);

 private:
  CURLM* multi_;
  CURL* easy_;
};

}  // namespace rtl::http
