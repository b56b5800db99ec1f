#include "discover/sns_message.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/testing_sns.h"
#include "discover/webhook_auth.h"

namespace rtl::discover {
namespace {

TEST(SnsMessage, SignaturesOfBothVersionsAreChecked) {
  const TestingSns sns;
  const Timestamp now = SystemClock().Now();
  for (const std::string version : {"1", "2"}) {
    const SnsMessage message = sns.Message("hello\n", version);
    const auto parsed = ParseSnsMessage(TestingSns::Body(message));
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(VerifySnsSignature(*parsed, sns.certificate(), now)) << version;
    SnsMessage changed = *parsed;
    changed.message = "hullo\n";
    EXPECT_EQ(VerifySnsSignature(changed, sns.certificate(), now).error().kind(),
              ErrorKind::kPermissionDenied);
    changed = *parsed;
    changed.subject.reset();
    EXPECT_FALSE(VerifySnsSignature(changed, sns.certificate(), now)) << "the subject is signed";
  }
  SnsMessage message = sns.Message("x");
  const TestingSns other;
  EXPECT_FALSE(VerifySnsSignature(message, other.certificate(), now)) << "somebody else's certificate";
  EXPECT_FALSE(VerifySnsSignature(message, sns.certificate(), now + std::chrono::hours(2))) << "expired";
  EXPECT_FALSE(VerifySnsSignature(message, sns.certificate(), now - std::chrono::hours(2)))
      << "not valid yet";
  EXPECT_EQ(VerifySnsSignature(message, "no certificate", now).error().kind(), ErrorKind::kBadData);
  message.signature_version = "3";
  EXPECT_EQ(VerifySnsSignature(message, sns.certificate(), now).error().kind(), ErrorKind::kUnsupported);
  message = sns.Message("x");
  message.signature = "*";
  EXPECT_EQ(VerifySnsSignature(message, sns.certificate(), now).error().kind(), ErrorKind::kBadData);
}

TEST(SnsMessage, WhatIsSigned) {
  const TestingSns sns;
  EXPECT_EQ(SnsStringToSign(sns.Message("m")),
            fmt::format("Message\nm\nMessageId\nid-1\nSubject\nAmazon S3 Notification\n"
                        "Timestamp\n2026-01-31T12:00:00.000Z\nTopicArn\n{}\nType\nNotification\n",
                        TestingSns::kTopic));
  const SnsMessage message = sns.Confirmation();
  EXPECT_EQ(SnsStringToSign(message),
            fmt::format("Message\nYou have chosen to subscribe\nMessageId\nid-1\nSubscribeURL\n{}\n"
                        "Timestamp\n2026-01-31T12:00:00.000Z\nToken\ntoken-1\nTopicArn\n{}\n"
                        "Type\nSubscriptionConfirmation\n",
                        message.subscribe_url, TestingSns::kTopic));
}

TEST(SnsMessage, OnlySnsOwnUrlsAreTrusted) {
  EXPECT_TRUE(IsSnsUrl("https://sns.eu-west-1.amazonaws.com/x"));
  EXPECT_TRUE(IsSnsUrl("https://sns.cn-north-1.amazonaws.com.cn/x"));
  for (const char* url :
       {"http://sns.eu-west-1.amazonaws.com/x", "https://sns.eu-west-1.amazonaws.com.evil.example/x",
        "https://evil.example/sns.eu-west-1.amazonaws.com",
        "https://sns.eu-west-1.amazonaws.com@evil.example/",
        "https://evil.example?sns.eu-west-1.amazonaws.com", "https://sns.evil.example.amazonaws.com/",
        "https://sns.eu-west-1.amazonaws.com:8443/", "https://bucket.s3.amazonaws.com/x",
        "https://sns..amazonaws.com/", ""}) {
    EXPECT_FALSE(IsSnsUrl(url)) << url;
  }
  EXPECT_TRUE(IsSnsCertificatePath(TestingSns::kCertificateUrl));
  for (const char* url : {"https://sns.eu-west-1.amazonaws.com/", "https://sns.eu-west-1.amazonaws.com/a.pem",
                          "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem?x",
                          "https://sns.eu-west-1.amazonaws.com/?/SimpleNotificationService-1.pem"}) {
    EXPECT_FALSE(IsSnsCertificatePath(url)) << url;
  }
}

TEST(SnsMessage, WhatIsNoMessage) {
  for (const char* body : {"", "{}", "[]", R"({"Type":"Odd"})", R"({"Type":7})"}) {
    EXPECT_EQ(ParseSnsMessage(body).error().kind(), ErrorKind::kBadData) << body;
  }
}

TEST(WebhookAuth, WhoMayPost) {
  const WebhookAuth none;
  EXPECT_EQ(TrustOf(none, {}), Trust::kGranted);
  const WebhookAuth bearer{.bearer_token = "secret"};
  EXPECT_EQ(TrustOf(bearer, {.authorization = "Bearer secret"}), Trust::kGranted);
  EXPECT_EQ(TrustOf(bearer, {.authorization = "bearer  secret"}), Trust::kGranted);
  for (const char* text :
       {"", "Bearer", "Bearer ", "Bearer secret2", "Bearer secre", "Basic secret", "secret"}) {
    EXPECT_EQ(TrustOf(bearer, {.authorization = text}), Trust::kRefused) << text;
  }
  EXPECT_EQ(TrustOf(bearer, {.hmac = "sha256=00"}), Trust::kRefused);
  EXPECT_EQ(TrustOf(bearer, {.sns_type = "Notification"}), Trust::kRefused);
  const WebhookAuth hmac{.hmac_secret = "key"};
  EXPECT_EQ(TrustOf(hmac, {.hmac = "sha256=00"}), Trust::kByHmac);
  EXPECT_EQ(TrustOf(hmac, {.authorization = "Bearer "}), Trust::kRefused);
  const WebhookAuth sns{.sns_topics = {"t"}};
  EXPECT_EQ(TrustOf(sns, {.sns_type = "Notification"}), Trust::kBySns);
  EXPECT_EQ(TrustOf(sns, {.sns_type = "Notification", .sns_raw = true}), Trust::kRefused)
      << "nothing is signed";
  EXPECT_EQ(TrustOf(sns, {}), Trust::kRefused);
}

TEST(WebhookAuth, Hmac) {
  const WebhookAuth auth{.hmac_secret = "key"};
  // the vector that every description of HMAC-SHA256 has
  const std::string body = "The quick brown fox jumps over the lazy dog";
  const std::string good = "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
  EXPECT_TRUE(HmacMatches(auth, good, body));
  EXPECT_FALSE(HmacMatches(auth, good, body + "."));
  EXPECT_FALSE(HmacMatches(auth, good.substr(7), body));
  EXPECT_FALSE(HmacMatches(auth, "", body));
}

}  // namespace
}  // namespace rtl::discover
