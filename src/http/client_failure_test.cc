// What a request comes to that gets no whole answer: certainly nothing done, or not known.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "http/client.h"
#include "http/testing_server.h"

namespace rtl::http {
namespace {

using namespace std::chrono_literals;

int FreePort() {
  TestingServer server([](const ReceivedRequest&) { return Reply{}; });
  return server.port();
}

TEST(ClientFailure, NothingReachedTheServer) {
  const auto client = MakeClient({.use_proxy = false});
  const std::string refused = "http://127.0.0.1:" + std::to_string(FreePort()) + "/p/q?secret=1";
  for (const std::string& url : {refused, std::string("http://nowhere.invalid/p/q?secret=1")}) {
    const auto response = client->Send({.method = "PUT", .url = url, .body = "x", .may_resend = false});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind(), ErrorKind::kUnavailable);
    EXPECT_TRUE(response.error().message().starts_with("PUT http://")) << response.error().message();
    EXPECT_NE(response.error().message().find("/p/q"), std::string::npos);
    EXPECT_EQ(response.error().message().find("secret"), std::string::npos) << response.error().message();
  }
}

TEST(ClientFailure, UnusableUrls) {
  const auto client = MakeClient();
  for (const char* url :
       {"", "ftp://127.0.0.1/", "http://", "http://user:pw@127.0.0.1/", "http://127.0.0.1:999999/"}) {
    const auto response = client->Send({.url = url});
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().kind(), ErrorKind::kBadConfig) << url << response.error().message();
    EXPECT_EQ(response.error().message().find("pw"), std::string::npos);
  }
}

// Each cut of an answer leaves the outcome open.
TEST(ClientFailure, CutReplies) {
  for (const char* bytes :
       {"", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nETag: x\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    TestingServer server([&](const ReceivedRequest&) { return Reply{.bytes = bytes, .close = true}; });
    const auto response =
        MakeClient()->Send({.method = "PUT", .url = server.url(), .body = "x", .may_resend = false});
    ASSERT_FALSE(response) << bytes;
    EXPECT_EQ(response.error().kind(), ErrorKind::kCommitUnknown) << bytes << response.error().message();
    EXPECT_EQ(server.requests().size(), 1U);
  }
}

TEST(ClientFailure, StalledServer) {
  for (const char* bytes : {"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"}) {
    TestingServer server([&](const ReceivedRequest&) { return Reply{.bytes = bytes, .stall = true}; });
    const auto response = MakeClient()->Send({.url = server.url(), .stall_timeout = 30ms});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind(), ErrorKind::kCommitUnknown);
    EXPECT_NE(response.error().message().find("no byte"), std::string::npos) << response.error().message();
  }
}

TEST(ClientFailure, TotalTime) {
  TestingServer server([](const ReceivedRequest&) { return Reply{.stall = true}; });
  const auto response = MakeClient()->Send({.url = server.url(), .timeout = 30ms});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind(), ErrorKind::kCommitUnknown) << response.error().message();
}

TEST(ClientFailure, StopEndsAWaitingRequest) {
  for (const bool may_resend : {true, false}) {
    std::stop_source stop;
    TestingServer server([&](const ReceivedRequest&) {
      stop.request_stop();
      return Reply{.stall = true};
    });
    const auto response = MakeClient()->Send(
        {.method = "PUT", .url = server.url(), .body = "x", .may_resend = may_resend}, stop.get_token());
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind(), may_resend ? ErrorKind::kCancelled : ErrorKind::kCommitUnknown);
  }
}

TEST(ClientFailure, StopBeforeAnythingWasSent) {
  TestingServer server([](const ReceivedRequest&) { return MakeReply(200, ""); });
  std::stop_source stop;
  stop.request_stop();
  const auto response = MakeClient()->Send({.url = server.url(), .may_resend = false}, stop.get_token());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind(), ErrorKind::kCancelled);
  EXPECT_TRUE(server.requests().empty());
}

TEST(ClientFailure, TooLongAnswers) {
  for (const char* bytes :
       {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890", "HTTP/1.1 200 OK\r\n\r\n01234567890"}) {
    TestingServer server([&](const ReceivedRequest&) { return Reply{.bytes = bytes, .close = true}; });
    const auto client = MakeClient();
    const auto fits = client->Send({.url = server.url(), .max_response_bytes = 11});
    ASSERT_TRUE(fits) << fits.error().message();
    EXPECT_EQ(fits->body, "01234567890");
    const auto longer = client->Send({.url = server.url(), .max_response_bytes = 10});
    ASSERT_FALSE(longer);
    EXPECT_EQ(longer.error().kind(), ErrorKind::kBadData);
  }
}

TEST(ClientFailure, NoHttp) {
  TestingServer server(
      [](const ReceivedRequest&) { return Reply{.bytes = "SSH-2.0-OpenSSH\r\n", .close = true}; });
  const auto response = MakeClient()->Send({.url = server.url()});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind(), ErrorKind::kBadData) << response.error().message();
}

// The server takes the second request of a connection, does what it says, and closes without an answer:
// libcurl repeats such a request by itself.
TEST(ClientFailure, OnlyWhatMayBeSentAgainIs) {
  for (const bool may_resend : {true, false}) {
    for (const std::string_view body : {std::string_view("effect"), std::string_view()}) {
      TestingServer server([](const ReceivedRequest& request) {
        if (request.on_connection == 2) return Reply{.close = true};
        return MakeReply(200, "");
      });
      const auto client = MakeClient();
      ASSERT_TRUE(client->Send({.url = server.url("/first")}));
      const auto response = client->Send(
          {.method = "PUT", .url = server.url("/effect"), .body = body, .may_resend = may_resend});
      const auto sent = std::ranges::count(server.requests(), "/effect", &ReceivedRequest::target);
      if (may_resend) {
        EXPECT_TRUE(response);
        EXPECT_EQ(sent, 2);
      } else {
        ASSERT_FALSE(response);
        EXPECT_EQ(response.error().kind(), ErrorKind::kCommitUnknown) << response.error().message();
        EXPECT_EQ(sent, 1);
      }
    }
  }
}

TEST(ClientFailure, AConnectionThatWasClosedMeanwhileIsNotUsed) {
  TestingServer server([](const ReceivedRequest&) {
    Reply reply = MakeReply(200, "");
    reply.close = true;
    return reply;
  });
  const auto client = MakeClient();
  ASSERT_TRUE(client->Send({.url = server.url()}));
  std::this_thread::sleep_for(20ms);  // for the end of the connection to arrive
  const auto response =
      client->Send({.method = "PUT", .url = server.url(), .body = "x", .may_resend = false});
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(server.connections(), 2);
}

TEST(ClientFailure, AnAnswerBeforeTheWholeBodyWasTaken) {
  TestingServer server([](const ReceivedRequest&) { return MakeReply(412, "no", "Connection: close\r\n"); });
  const std::string large(3'000'000, 'x');
  const auto response =
      MakeClient()->Send({.method = "PUT", .url = server.url(), .body = large, .may_resend = false});
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status, 412);
}

}  // namespace
}  // namespace rtl::http
