// Takes in SNS's messages: from which topics, signed by whom, and the answer to a subscription.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "discover/sns_message.h"
#include "http/client.h"

namespace rtl::discover {

struct SnsOptions {
  // ARNs whose messages are taken. A signature alone says little: anybody can have a topic of their own.
  std::vector<std::string> topics;
  // Which URLs certificates and confirmations may be fetched from.
  std::function<bool(std::string_view url)> is_trusted_url = IsSnsUrl;
};

// Threads: any. Certificates are kept, one fetch each; a fetch takes at most five seconds.
class SnsInbox {
 public:
  SnsInbox(SnsOptions options, std::shared_ptr<http::Client> client, const Clock& clock = SystemClock());

  // A message whose topic is listed and whose signature holds. kBadData; kPermissionDenied: another topic, a
  // foreign certificate URL, a signature that does not hold; kUnavailable: the certificate cannot be had now.
  Result<SnsMessage> Open(std::string_view body, std::stop_token stop = {});

  // Visits the SubscribeURL of a message that Open() returned. Errors as Open.
  Result<> Confirm(const SnsMessage& message, std::stop_token stop = {});

 private:
  Result<std::string> Certificate(const std::string& url, std::stop_token stop);
  Result<std::string> Fetch(const std::string& url, std::stop_token stop);

  const SnsOptions options_;
  const std::shared_ptr<http::Client> client_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, std::string> certificates_;  // PEM by URL
};

}  // namespace rtl::discover
