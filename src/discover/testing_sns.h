// SNS for tests: a key, its certificate, and messages signed with it.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <string>
#include <vector>

#include "core/json_writer.h"
#include "discover/sns_message.h"

namespace rtl::discover {

class TestingSns {
 public:
  static constexpr const char* kTopic = "arn:aws:sns:eu-west-1:123456789012:files";
  static constexpr const char* kCertificateUrl =
      "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem";

  TestingSns() : key_(EVP_RSA_gen(2048)) {
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key_);
    X509_sign(certificate, key_, EVP_sha256());
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    certificate_.assign(text, static_cast<std::size_t>(size));
    BIO_free(bio);
    X509_free(certificate);
  }
  ~TestingSns() { EVP_PKEY_free(key_); }
  TestingSns(const TestingSns&) = delete;
  TestingSns& operator=(const TestingSns&) = delete;

  const std::string& certificate() const { return certificate_; }

  SnsMessage Message(std::string text, const std::string& version = "2") const {
    SnsMessage message;
    message.type_name = "Notification";
    message.message = std::move(text);
    message.message_id = "id-1";
    message.subject = "Amazon S3 Notification";
    message.timestamp = "2026-01-31T12:00:00.000Z";
    message.topic_arn = kTopic;
    message.signature_version = version;
    message.signing_cert_url = kCertificateUrl;
    Sign(message);
    return message;
  }
  SnsMessage Confirmation() const {
    SnsMessage message = Message("You have chosen to subscribe");
    message.type = SnsMessage::Type::kSubscriptionConfirmation;
    message.type_name = "SubscriptionConfirmation";
    message.subject.reset();
    message.token = "token-1";
    message.subscribe_url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=token-1";
    Sign(message);
    return message;
  }

  void Sign(SnsMessage& message) const {
    const std::string text = SnsStringToSign(message);
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, message.signature_version == "1" ? EVP_sha1() : EVP_sha256(),
                       nullptr, key_);
    std::vector<unsigned char> signature(512);
    std::size_t size = signature.size();
    EVP_DigestSign(context, signature.data(), &size, reinterpret_cast<const unsigned char*>(text.data()),
                   text.size());
    EVP_MD_CTX_free(context);
    std::vector<unsigned char> base64(1024);
    const int length = EVP_EncodeBlock(base64.data(), signature.data(), static_cast<int>(size));
    message.signature.assign(base64.begin(), base64.begin() + length);
  }

  static std::string Body(const SnsMessage& message) {
    JsonWriter json;
    json.BeginObject().Key("Type").String(message.type_name).Key("MessageId").String(message.message_id);
    json.Key("Message").String(message.message).Key("Timestamp").String(message.timestamp);
    if (message.subject) json.Key("Subject").String(*message.subject);
    if (!message.token.empty()) json.Key("Token").String(message.token);
    if (!message.subscribe_url.empty()) json.Key("SubscribeURL").String(message.subscribe_url);
    json.Key("TopicArn").String(message.topic_arn).Key("SignatureVersion").String(message.signature_version);
    json.Key("Signature").String(message.signature).Key("SigningCertURL").String(message.signing_cert_url);
    json.EndObject();
    return std::move(json).Take();
  }

 private:
  EVP_PKEY* key_;
  std::string certificate_;
};

}  // namespace rtl::discover
