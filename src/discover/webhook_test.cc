#include "discover/webhook.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <mutex>
#include <thread>

#include "aws/sign.h"
#include "discover/testing_sns.h"

namespace rtl::discover {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Headers = std::vector<http::Header>;

const EventScope kScope{.bucket = "lake", .prefix = "in/"};

std::string Created(std::string_view key, std::string_view bucket = "lake") {
  return fmt::format(
      R"({{"Records":[{{"eventSource":"minio:s3","eventName":"s3:ObjectCreated:Put","eventTime":"2026-01-31T12:00:00Z",)"
      R"("s3":{{"bucket":{{"name":"{}"}},"object":{{"key":"{}"}}}}}}]}})",
      bucket, key);
}

// SNS's side of the conversation: certificates, and confirmations that were visited.
class FakeSnsClient final : public http::Client {
 public:
  explicit FakeSnsClient(std::string certificate) : certificate_(std::move(certificate)) {}
  Result<http::Response> Send(const http::Request& request, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    urls.push_back(request.url);
    return http::Response{.status = 200, .body = request.url.ends_with(".pem") ? certificate_ : "<ok/>"};
  }
  std::vector<std::string> urls;

 private:
  const std::string certificate_;
  std::mutex mutex_;
};

class WebhookTest : public ::testing::Test {
 protected:
  void Start(WebhookOptions options, std::shared_ptr<http::Client> sns = nullptr) {
    auto started = Webhook::Start(
        std::move(options), kScope, std::move(sns),
        [this](Hint hint) {
          keys.push_back(hint.key);
          times.push_back(hint.event_time);
          if (answer_hints) {
            hint.done(hint.key != "bad");
          } else {
            held.push_back(std::move(hint));
          }
        },
        [this](const std::string& text) { notices.push_back(text); });
    ASSERT_TRUE(started) << started.error().message();
    webhook = std::move(*started);
  }
  std::string Url(const std::string& path) const {
    return fmt::format("http://127.0.0.1:{}{}", webhook->port(), path);
  }
  // "status body"
  std::string Send(const std::string& method, const std::string& path, std::string_view body = {},
                   const Headers& headers = {}) {
    const auto response =
        client->Send({.method = method, .url = Url(path), .headers = headers, .body = body});
    return response ? fmt::format("{} {}", response->status, response->body) : response.error().message();
  }
  std::string Post(std::string_view body, const Headers& headers = {}) {
    return Send("POST", "/events", body, headers);
  }
  // Bytes as they are, and all that comes back until the end.
  std::string Raw(const std::string& bytes) const {
    boost::asio::io_context io;
    boost::asio::ip::tcp::socket socket(io);
    socket.connect({boost::asio::ip::address_v4::loopback(), webhook->port()});
    boost::system::error_code error;
    boost::asio::write(socket, boost::asio::buffer(bytes), error);
    socket.shutdown(boost::asio::socket_base::shutdown_send, error);
    std::string answer;
    boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);
    return answer;
  }

  const std::shared_ptr<http::Client> client = http::MakeClient();
  // Written by the server's threads before they answer, read after the answer.
  std::vector<std::string> keys;
  std::vector<std::optional<Timestamp>> times;
  std::vector<Hint> held;
  std::vector<std::string> notices;
  bool answer_hints = true;
  std::unique_ptr<Webhook> webhook;  // last: its threads use the others
};

TEST_F(WebhookTest, TakesWhatIsUnderstood) {
  Start({});
  EXPECT_EQ(Post(Created("in/a%2Bb+c")), R"(200 {"keys":1,"ignored":0,"refused":0})");
  EXPECT_EQ(Post(R"({"version":"0","detail-type":"Object Created","source":"aws.s3","detail":)"
                 R"({"bucket":{"name":"lake"},"object":{"key":"in/d+e"}}})"),
            R"(200 {"keys":1,"ignored":0,"refused":0})");
  EXPECT_EQ(Post(Created("in/x", "foreign")), R"(200 {"keys":0,"ignored":0,"refused":1})");
  EXPECT_EQ(Post(R"({"Service":"Amazon S3","Event":"s3:TestEvent"})"),
            R"(200 {"keys":0,"ignored":1,"refused":0})");
  EXPECT_THAT(Post("nonsense"), StartsWith("400 {\"error\":\"not an S3 event"));
  EXPECT_THAT(keys, ElementsAre("a+b c", "d+e"));
  EXPECT_TRUE(times.at(0));
  EXPECT_THAT(notices, ElementsAre(HasSubstr("bucket foreign is not ours"), HasSubstr("not an S3 event")));
  const WebhookCounters counters = webhook->counters();
  EXPECT_EQ(counters.requests, 5);
  EXPECT_EQ(counters.hints, 2);
  EXPECT_EQ(counters.refused, 1);
  EXPECT_EQ(counters.ignored, 1);
  EXPECT_EQ(counters.not_understood, 1);
}

TEST_F(WebhookTest, OtherRequests) {
  Start({.auth = {.bearer_token = "secret"}, .max_body_bytes = 1'000});
  EXPECT_EQ(Send("GET", "/healthz"), R"(200 {"status":"ok"})");
  EXPECT_THAT(Send("POST", "/healthz"), StartsWith("405"));
  EXPECT_THAT(Send("GET", "/events"), StartsWith("405"));
  EXPECT_THAT(Send("POST", "/elsewhere", "x"), StartsWith("404"));
  EXPECT_THAT(Post(std::string(1'001, 'x'), {{"Authorization", "Bearer secret"}}), StartsWith("413"));
  EXPECT_THAT(Raw("no http at all\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Raw("POST /events HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
  EXPECT_EQ(Raw("POST /events HTTP/1.1\r\nAuthorization: Bearer secret\r\nContent-Length: 10\r\n\r\nabc"), "")
      << "half a request has nobody to answer to";
  EXPECT_THAT(Raw("POST /events HTTP/1.1\r\nAuthorization: Bearer secret\r\nExpect: 100-continue\r\n"
                  "Content-Length: 1\r\nConnection: close\r\n\r\nx"),
              StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400"));
  EXPECT_THAT(keys, IsEmpty());
}

TEST_F(WebhookTest, BearerAndHmac) {
  Start({.auth = {.bearer_token = "secret", .hmac_secret = "key"}});
  const std::string body = Created("in/a");
  EXPECT_THAT(Post(body), StartsWith("401"));
  EXPECT_THAT(Post(body, {{"Authorization", "Bearer wrong"}}), StartsWith("401"));
  EXPECT_THAT(Post(body, {{"x-amz-sns-message-type", "Notification"}}), StartsWith("401"));
  EXPECT_THAT(keys, IsEmpty());
  EXPECT_THAT(Post(body, {{"Authorization", "Bearer secret"}}), StartsWith("200"));
  std::string hex;
  for (const char c : aws::HmacSha256("key", body))
    hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  EXPECT_THAT(Post(body, {{"X-Hub-Signature-256", "sha256=" + hex}}), StartsWith("200"));
  EXPECT_THAT(Post(body + " ", {{"X-Hub-Signature-256", "sha256=" + hex}}), StartsWith("401"));
  EXPECT_THAT(keys, ElementsAre("a", "a"));
  EXPECT_EQ(webhook->counters().unauthorized, 4);
  for (const std::string& notice : notices) EXPECT_THAT(notice, ::testing::Not(HasSubstr("secret")));
}

TEST_F(WebhookTest, Sns) {
  const TestingSns sns;
  const auto fake = std::make_shared<FakeSnsClient>(sns.certificate());
  Start({.auth = {.sns_topics = {TestingSns::kTopic}}}, fake);
  const Headers headers = {{"x-amz-sns-message-type", "Notification"}};
  const SnsMessage message = sns.Message(Created("in/a"));
  EXPECT_THAT(Post(TestingSns::Body(message), headers), StartsWith("200"));
  EXPECT_THAT(Post(TestingSns::Body(message), headers), StartsWith("200"));
  EXPECT_THAT(keys, ElementsAre("a", "a"));
  EXPECT_THAT(fake->urls, ElementsAre(TestingSns::kCertificateUrl)) << "fetched once";

  SnsMessage forged = message;
  forged.message = Created("in/forged");
  EXPECT_THAT(Post(TestingSns::Body(forged), headers), StartsWith("403"));
  forged = message;
  forged.signing_cert_url = "https://evil.example/SimpleNotificationService-1.pem";
  EXPECT_THAT(Post(TestingSns::Body(forged), headers), StartsWith("403"));
  forged = message;
  forged.topic_arn += "2";
  sns.Sign(forged);
  EXPECT_THAT(Post(TestingSns::Body(forged), headers), StartsWith("403")) << "signed, but of another topic";
  EXPECT_THAT(Post("{}", headers), StartsWith("400"));
  EXPECT_THAT(Post(Created("in/a")), StartsWith("401"));
  EXPECT_THAT(keys, ElementsAre("a", "a"));

  const SnsMessage confirmation = sns.Confirmation();
  EXPECT_EQ(Post(TestingSns::Body(confirmation), {{"x-amz-sns-message-type", "SubscriptionConfirmation"}}),
            R"(200 {"confirmed":true})");
  EXPECT_EQ(fake->urls.back(), confirmation.subscribe_url);
  forged = confirmation;
  forged.subscribe_url = "https://internal.example/";
  sns.Sign(forged);
  EXPECT_THAT(Post(TestingSns::Body(forged), headers), StartsWith("403"));
  EXPECT_EQ(fake->urls.back(), confirmation.subscribe_url) << "not visited";
}

TEST_F(WebhookTest, AnswersOnceHandled) {
  Start({.answer = WebhookOptions::Answer::kHandled, .handle_timeout = std::chrono::milliseconds(50)});
  EXPECT_THAT(Post(Created("in/a")), StartsWith("200"));
  EXPECT_THAT(Post(Created("in/bad")), StartsWith("503"));
  EXPECT_EQ(webhook->counters().given_up, 1);
  answer_hints = false;
  EXPECT_THAT(Post(Created("in/slow")), StartsWith("503")) << "not within the time";
  held.at(0).done(true);  // too late: harmless
  webhook.reset();
}

TEST_F(WebhookTest, TooMuchUnderWay) {
  answer_hints = false;
  Start({.max_under_way = 1});
  EXPECT_THAT(Post(Created("in/a")), StartsWith("200"));
  EXPECT_THAT(Post(Created("in/b")), StartsWith("429"));
  EXPECT_THAT(Post(Created("in/b", "foreign")), StartsWith("200")) << "what brings no key needs no room";
  held.at(0).done(true);
  EXPECT_THAT(Post(Created("in/b")), StartsWith("200"));
  EXPECT_EQ(webhook->counters().throttled, 1);
  webhook.reset();
  held.at(1).done(false);  // after the server is gone: harmless
}

TEST_F(WebhookTest, ManyAtOnceOnFewConnections) {
  std::atomic<int> hints = 0;
  auto started = Webhook::Start({.max_connections = 3}, kScope, nullptr,
                                [&](Hint hint) {
                                  ++hints;
                                  hint.done(true);
                                },
                                {});
  ASSERT_TRUE(started);
  std::vector<std::jthread> senders;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    senders.emplace_back([&, port = (*started)->port()] {
      const auto own = http::MakeClient();  // its connection ends with it: others get their turn
      for (int k = 0; k < 20; ++k) {
        const std::string body = Created(fmt::format("in/{}", k));
        const auto response = own->Send(
            {.method = "POST", .url = fmt::format("http://127.0.0.1:{}/events", port), .body = body});
        good += response && response->status == 200 ? 1 : 0;
      }
    });
  }
  senders.clear();
  EXPECT_EQ(good, 160);
  EXPECT_EQ(hints, 160);
}

TEST(Webhook, ListensOnlyWhereItMay) {
  const auto start = [](WebhookOptions options) {
    return Webhook::Start(std::move(options), kScope, nullptr, [](const Hint&) {}, {});
  };
  const auto open = start({.address = "0.0.0.0"});
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().kind(), ErrorKind::kBadConfig);
  EXPECT_THAT(open.error().message(), HasSubstr("needs a bearer token"));
  EXPECT_FALSE(start({.address = "::"}));
  EXPECT_FALSE(start({.address = "example"}));
  const auto first = start({});
  ASSERT_TRUE(first);
  const auto second = start({.port = (*first)->port()});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message(), HasSubstr(std::to_string((*first)->port())));
}

}  // namespace
}  // namespace rtl::discover
