// Who may post to the webhook. Pure; secrets are compared in constant time.
//
// Bearer: "Authorization: Bearer <token>" (MinIO's auth_token, an EventBridge connection with an API key of
// that name). HMAC: a header "X-Hub-Signature-256: sha256=<lower-case hex>" with the HMAC-SHA256 of the body
// under the shared secret. SNS can send neither: its messages carry a signature of their own (sns_inbox.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rtl::discover {

struct WebhookAuth {
  std::string bearer_token;  // empty: none is taken
  std::string hmac_secret;   // empty: none is taken
  std::string hmac_header = "X-Hub-Signature-256";
  std::vector<std::string> sns_topics;  // ARNs; empty: no SNS

  bool empty() const { return bearer_token.empty() && hmac_secret.empty() && sns_topics.empty(); }
};

// The headers that matter; empty: not sent.
struct WebhookHead {
  std::string_view authorization;
  std::string_view hmac;      // of WebhookAuth::hmac_header
  std::string_view sns_type;  // x-amz-sns-message-type
  bool sns_raw = false;       // x-amz-sns-rawdelivery: no envelope, so no signature
};

enum class Trust {
  kGranted,
  kByHmac,  // if the body's HMAC is as the header says
  kBySns,   // if the body is a signed message of one of the topics
  kRefused,
};
// What the head of a request alone says; so a stranger's body is not even read.
Trust TrustOf(const WebhookAuth& auth, const WebhookHead& head);

bool HmacMatches(const WebhookAuth& auth, std::string_view header, std::string_view body);

}  // namespace rtl::discover
