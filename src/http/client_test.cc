#include "http/client.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "http/testing_server.h"
#include "http/url.h"

namespace rtl::http {
namespace {

using namespace std::chrono_literals;

Reply Echo(const ReceivedRequest& request) {
  return MakeReply(200, request.body, "X-Method: " + request.method + "\r\n");
}

TEST(Client, AnswerWithHeadersAndBody) {
  TestingServer server([](const ReceivedRequest&) {
    return Reply{
        .bytes =
            "HTTP/1.1 404 Nope\r\nX-One: a\r\nx-ONE: b\r\nETag:  \"q\" \r\nContent-Length: 5\r\n\r\nhello"};
  });
  const auto response = MakeClient()->Send({.url = server.url("/x")});
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "hello");
  ASSERT_EQ(response->headers.size(), 4U);
  EXPECT_EQ(response->headers[1].name, "x-ONE");
  EXPECT_EQ(response->Header("x-one"), "a");
  EXPECT_EQ(response->Header("etag"), "\"q\"");
  EXPECT_EQ(response->Header("absent"), "");
}

TEST(Client, MethodsAndBodies) {
  TestingServer server(Echo);
  const auto client = MakeClient();
  const std::string large(5'000'000, 'x');
  struct Case {
    const char* method;
    std::string_view body;
    const char* length;
  };
  for (const auto& [method, body, length] :
       {Case{"GET", "", ""}, Case{"PUT", "small", "5"}, Case{"PUT", large, "5000000"}, Case{"PUT", "", "0"},
        Case{"POST", "q=1", "3"}, Case{"POST", "", "0"}, Case{"DELETE", "", ""},
        Case{"DELETE", "why", "3"}}) {
    SCOPED_TRACE(method);
    const auto response = client->Send({.method = method, .url = server.url(), .body = body});
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->body, body);
    EXPECT_EQ(response->Header("X-Method"), method);
    EXPECT_EQ(server.requests().back().header("content-length"), length);
    EXPECT_EQ(server.requests().back().header("expect"), "");
    EXPECT_EQ(server.requests().back().header("content-type"), "");
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(Client, HeadHasALengthAndNoBody) {
  TestingServer server([](const ReceivedRequest&) {
    return Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n"};
  });
  const auto client = MakeClient();
  for (int i = 0; i < 2; ++i) {
    const auto response = client->Send({.method = "HEAD", .url = server.url()});
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->Header("content-length"), "12345");
    EXPECT_EQ(response->body, "");
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(Client, TargetIsSentByteForByte) {
  TestingServer server(Echo);
  const auto client = MakeClient();
  for (const char* target : {"/a//b/../c/./d", "/..", "//", "/a%2Fb%2fc", "/%41%7e", "/a+b?x=%2B&y=a+b&z",
                             "/a'()*!:@,;=$", "/?list-type=2", "/k%0Al%20m%25"}) {
    const auto response = client->Send({.url = server.url(target)});
    ASSERT_TRUE(response) << target << response.error().message();
    EXPECT_EQ(server.requests().back().target, target);
  }
}

TEST(Client, HeadersAreSentAsGiven) {
  TestingServer server(Echo);
  const auto response = MakeClient()->Send({.method = "PUT",
                                            .url = server.url(),
                                            .headers = {{"x-amz-meta-A", "1"},
                                                        {"X-Empty", ""},
                                                        {"Content-Type", "text/x"},
                                                        {"Host", "bucket.example"},
                                                        {"Content-Length", "77"}},
                                            .body = "b"});
  ASSERT_TRUE(response) << response.error().message();
  const auto request = server.requests().back();
  EXPECT_EQ(request.header("x-amz-meta-a"), "1");
  EXPECT_TRUE(std::ranges::any_of(request.headers, [](const auto& h) { return h.first == "X-Empty"; }));
  EXPECT_EQ(request.header("content-type"), "text/x");
  EXPECT_EQ(request.header("host"), "bucket.example");
  EXPECT_EQ(request.header("content-length"), "1");
  EXPECT_EQ(request.header("accept"), "");
}

TEST(Client, HeadersThatEndTheirLineAreRefused) {
  TestingServer server(Echo);
  const auto client = MakeClient();
  for (const Header& header : {Header{"A", "b\r\nC: d"}, Header{"A\n", "b"}, Header{"", "b"}}) {
    const auto response = client->Send({.url = server.url(), .headers = {header}});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind(), ErrorKind::kBadConfig);
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST(Client, NothingIsKeptOfAnInterimResponse) {
  TestingServer server([](const ReceivedRequest&) {
    Reply reply = MakeReply(200, "ok");
    reply.bytes.insert(0, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    return reply;
  });
  const auto response = MakeClient()->Send({.url = server.url()});
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->Header("link"), "");
}

TEST(Client, RedirectsAreAnswers) {
  TestingServer server(
      [](const ReceivedRequest&) { return MakeReply(307, "", "Location: http://127.0.0.1:1/\r\n"); });
  const auto response = MakeClient()->Send({.url = server.url()});
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status, 307);
}

TEST(Client, ChunkedBody) {
  TestingServer server([](const ReceivedRequest&) {
    return Reply{.bytes =
                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"};
  });
  const auto response = MakeClient()->Send({.url = server.url()});
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->body, "abcde");
}

TEST(Client, EachThreadHasAConnectionOfItsOwn) {
  TestingServer server(Echo);
  const auto client = MakeClient();
  std::atomic<int> right{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        for (int j = 0; j < 25; ++j) {
          const std::string body = std::to_string(i) + "/" + std::to_string(j);
          const auto response = client->Send({.method = "PUT", .url = server.url(), .body = body});
          right += response && response->body == body ? 1 : 0;
        }
      });
    }
  }
  EXPECT_EQ(right, 100);
  EXPECT_LE(server.connections(), 4);
}

TEST(Client, IdleConnectionsAreBounded) {
  TestingServer server(Echo);
  const auto client = MakeClient({.max_idle = 0});
  ASSERT_TRUE(client->Send({.url = server.url()}));
  ASSERT_TRUE(client->Send({.url = server.url()}));
  EXPECT_EQ(server.connections(), 2);
}

TEST(LocalHost, NeverThroughAProxy) {
  for (const char* host : {"localhost", "127.0.0.1", "127.9.9.9", "169.254.169.254", "169.254.170.2", "::1",
                           "[::1]", "fe80::1", "[fd00:ec2::254]", "fd00:ec2::23"}) {
    EXPECT_TRUE(IsLocalHost(host)) << host;
  }
  for (const char* host :
       {"", "s3.amazonaws.com", "10.0.0.1", "169.253.1.1", "fd00:ec3::1", "localhost.example"}) {
    EXPECT_FALSE(IsLocalHost(host)) << host;
  }
}

// The variables are read at each request.
class ProxyVariable {
 public:
  explicit ProxyVariable(const std::string& value) { setenv("http_proxy", value.c_str(), 1); }
  ~ProxyVariable() { unsetenv("http_proxy"); }
};

TEST(Client, ProxyOfTheEnvironment) {
  TestingServer proxy(
      [](const ReceivedRequest& request) { return MakeReply(200, "proxied " + request.target); });
  const ProxyVariable variable(proxy.url());
  const auto through = MakeClient()->Send({.url = "http://bucket.invalid/k"});
  ASSERT_TRUE(through) << through.error().message();
  EXPECT_EQ(through->body, "proxied http://bucket.invalid/k");

  TestingServer server(Echo);
  const auto local = MakeClient()->Send({.url = server.url()});
  ASSERT_TRUE(local) << local.error().message();
  EXPECT_EQ(local->Header("x-method"), "GET");

  const auto without = MakeClient({.use_proxy = false})->Send({.url = "http://bucket.invalid/k"});
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().kind(), ErrorKind::kUnavailable);
}

TEST(SplitUrl, Parts) {
  const UrlParts parts = SplitUrl("https://user@host:81/a/b?c=d?e");
  EXPECT_EQ(parts.scheme, "https");
  EXPECT_EQ(parts.authority, "user@host:81");
  EXPECT_EQ(parts.host, "host");
  EXPECT_EQ(parts.port, "81");
  EXPECT_EQ(parts.path, "/a/b");
  EXPECT_EQ(parts.query, "c=d?e");
  EXPECT_EQ(SplitUrl("http://[::1]:9/").host, "[::1]");
  EXPECT_EQ(SplitUrl("http://[::1]:9/").port, "9");
  EXPECT_EQ(SplitUrl("http://[::1]").host, "[::1]");
  EXPECT_EQ(SplitUrl("http://h?q").path, "/");
  EXPECT_EQ(SplitUrl("http://h?q").query, "q");
}

}  // namespace
}  // namespace rtl::http
