// Amazon SNS's messages over HTTP and their signatures (SNS Developer Guide, "Verifying the signatures of
// Amazon SNS messages"). Pure: the certificate and the time are arguments.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/time.h"

namespace rtl::discover {

struct SnsMessage {
  enum class Type { kNotification, kSubscriptionConfirmation, kUnsubscribeConfirmation };
  Type type = Type::kNotification;
  std::string type_name;
  std::string message;
  std::string message_id;
  std::optional<std::string> subject;
  std::string subscribe_url;  // of confirmations
  std::string token;          // of confirmations
  std::string timestamp;
  std::string topic_arn;
  std::string signature_version;
  std::string signature;  // base64
  std::string signing_cert_url;
};

// kBadData: no JSON, or no such message.
Result<SnsMessage> ParseSnsMessage(std::string_view body);

// What is signed: name, newline, value, newline of each field that belongs to it, by name.
std::string SnsStringToSign(const SnsMessage& message);

// Whether `url` is SNS's own: https, host sns.<region>.amazonaws.com or .amazonaws.com.cn, no port, no user.
bool IsSnsUrl(std::string_view url);

// Whether a URL of SNS names a signing certificate: "/SimpleNotificationService-<hex>.pem".
bool IsSnsCertificatePath(std::string_view url);

// kPermissionDenied: the signature is not of this certificate, whose time is now. kUnsupported: a signature
// version other than 1 (SHA-1) and 2 (SHA-256). kBadData: no certificate, no base64.
Result<> VerifySnsSignature(const SnsMessage& message, std::string_view certificate_pem, Timestamp now);

}  // namespace rtl::discover
