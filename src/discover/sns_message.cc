#include "discover/sns_message.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "discover/base64.h"
#include "discover/json_lookup.h"

namespace rtl::discover {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeDigestContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

bool IsRegionName(std::string_view text) {
  if (text.size() < 3) return false;
  for (const char c : text) {
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') return false;
  }
  return true;
}

}  // namespace

Result<SnsMessage> ParseSnsMessage(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (const auto error = parser.parse(body.data(), body.size()).get(object)) {
    return Fail(ErrorKind::kBadData, fmt::format("no SNS message: {}", simdjson::error_message(error)));
  }
  SnsMessage message;
  message.type_name = FindText(object, "Type");
  if (message.type_name == "Notification") {
    message.type = SnsMessage::Type::kNotification;
  } else if (message.type_name == "SubscriptionConfirmation") {
    message.type = SnsMessage::Type::kSubscriptionConfirmation;
  } else if (message.type_name == "UnsubscribeConfirmation") {
    message.type = SnsMessage::Type::kUnsubscribeConfirmation;
  } else {
    return Fail(ErrorKind::kBadData, "no SNS message: its Type is not known");
  }
  message.message = FindText(object, "Message");
  message.message_id = FindText(object, "MessageId");
  if (std::string_view subject; object["Subject"].get(subject) == simdjson::SUCCESS)
    message.subject = subject;
  message.subscribe_url = FindText(object, "SubscribeURL");
  message.token = FindText(object, "Token");
  message.timestamp = FindText(object, "Timestamp");
  message.topic_arn = FindText(object, "TopicArn");
  message.signature_version = FindText(object, "SignatureVersion");
  message.signature = FindText(object, "Signature");
  message.signing_cert_url = FindText(object, "SigningCertURL");
  return message;
}

std::string SnsStringToSign(const SnsMessage& message) {
  std::string text;
  const auto add = [&](std::string_view name, std::string_view value) {
    text += name;
    text += '\n';
    text += value;
    text += '\n';
  };
  const bool is_confirmation = message.type != SnsMessage::Type::kNotification;
  add("Message", message.message);
  add("MessageId", message.message_id);
  if (!is_confirmation && message.subject) add("Subject", *message.subject);
  if (is_confirmation) add("SubscribeURL", message.subscribe_url);
  add("Timestamp", message.timestamp);
  if (is_confirmation) add("Token", message.token);
  add("TopicArn", message.topic_arn);
  add("Type", message.type_name);
  return text;
}

bool IsSnsUrl(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  constexpr std::string_view kService = "sns.";
  if (!url.starts_with(kScheme)) return false;
  url.remove_prefix(kScheme.size());
  std::string_view host = url.substr(0, url.find_first_of("/?#"));
  if (!host.starts_with(kService)) return false;
  host.remove_prefix(kService.size());
  if (host.ends_with(".amazonaws.com.cn")) {
    host.remove_suffix(std::string_view(".amazonaws.com.cn").size());
  } else if (host.ends_with(".amazonaws.com")) {
    host.remove_suffix(std::string_view(".amazonaws.com").size());
  } else {
    return false;
  }
  return IsRegionName(host);  // so no user, no port, no further labels
}

bool IsSnsCertificatePath(std::string_view url) {
  const std::size_t host = url.find("://");
  const std::size_t path = host == std::string_view::npos ? host : url.find('/', host + 3);
  if (path == std::string_view::npos) return false;
  const std::string_view name = url.substr(path);
  constexpr std::string_view kPrefix = "/SimpleNotificationService-";
  return name.starts_with(kPrefix) && name.ends_with(".pem") &&
         name.find_first_of("/?#%", 1) == std::string_view::npos;
}

Result<> VerifySnsSignature(const SnsMessage& message, std::string_view certificate_pem, Timestamp now) {
  const EVP_MD* digest = nullptr;
  if (message.signature_version == "1") {
    digest = EVP_sha1();
  } else if (message.signature_version == "2") {
    digest = EVP_sha256();
  } else {
    return Fail(ErrorKind::kUnsupported, "an SNS signature of a version that is neither 1 nor 2");
  }
  const auto signature = DecodeBase64(message.signature);
  if (!signature) return Fail(ErrorKind::kBadData, "the SNS signature is no base64");
  const std::unique_ptr<BIO, FreeBio> bio(
      BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size())));
  const std::unique_ptr<X509, FreeCertificate> certificate(
      bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!certificate) return Fail(ErrorKind::kBadData, "the SNS signing certificate cannot be read");
  std::time_t at = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (X509_cmp_time(X509_get0_notBefore(certificate.get()), &at) >= 0 ||
      X509_cmp_time(X509_get0_notAfter(certificate.get()), &at) <= 0) {
    return Fail(ErrorKind::kPermissionDenied, "the SNS signing certificate is not valid at this time");
  }
  const std::string text = SnsStringToSign(message);
  const std::unique_ptr<EVP_MD_CTX, FreeDigestContext> context(EVP_MD_CTX_new());
  if (!context ||
      EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, X509_get0_pubkey(certificate.get())) !=
          1 ||
      EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature->data()),
                       signature->size(), reinterpret_cast<const unsigned char*>(text.data()),
                       text.size()) != 1) {
    return Fail(ErrorKind::kPermissionDenied, "the SNS signature does not match the message");
  }
  return {};
}

}  // namespace rtl::discover
