#include "lambda/runtime_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

namespace rtl::lambda {
namespace {

namespace bhttp = boost::beast::http;
using boost::asio::ip::tcp;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using HttpRequest = bhttp::request<bhttp::string_body>;
using HttpResponse = bhttp::response<bhttp::string_body>;

// Gives one answer to each request that comes, in order, on one connection, and keeps what came.
class FakeRuntimeApi {
 public:
  explicit FakeRuntimeApi(std::vector<HttpResponse> answers) {
    thread_ = std::thread([this, answers = std::move(answers)]() mutable {
      tcp::socket socket = acceptor_.accept();
      boost::beast::flat_buffer buffer;
      for (HttpResponse& answer : answers) {
        HttpRequest request;
        bhttp::read(socket, buffer, request);
        requests_.push_back(std::move(request));
        answer.prepare_payload();
        bhttp::write(socket, answer);
      }
    });
  }
  ~FakeRuntimeApi() {
    if (thread_.joinable()) thread_.join();
  }
  std::string address() const { return fmt::format("127.0.0.1:{}", acceptor_.local_endpoint().port()); }
  const std::vector<HttpRequest>& Requests() {
    thread_.join();
    return requests_;
  }

 private:
  boost::asio::io_context io_;
  tcp::acceptor acceptor_{io_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};
  std::vector<HttpRequest> requests_;
  std::thread thread_;
};

HttpResponse Answer(unsigned status, std::string body = {},
                    const std::map<std::string, std::string>& headers = {}) {
  HttpResponse response(static_cast<bhttp::status>(status), 11);
  for (const auto& [name, value] : headers) response.set(name, value);
  response.body() = std::move(body);
  return response;
}

std::unique_ptr<RuntimeClient> ClientOf(const std::string& address) {
  return *RuntimeClient::Make(address, http::MakeClient());
}

TEST(LambdaRuntime, TakesAnInvocationAndAnswersIt) {
  FakeRuntimeApi api({Answer(200, R"({"x":1})",
                             {{"Lambda-Runtime-Aws-Request-Id", "8476a536"},
                              {"Lambda-Runtime-Deadline-Ms", "1769860800500"},
                              {"Lambda-Runtime-Trace-Id", "Root=1-5bef"},
                              {"Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:x"}}),
                      Answer(202), Answer(202), Answer(202)});
  const auto client = ClientOf(api.address());
  const auto invocation = client->Next();
  ASSERT_TRUE(invocation) << invocation.error().message();
  EXPECT_EQ(invocation->request_id, "8476a536");
  EXPECT_EQ(invocation->event, R"({"x":1})");
  EXPECT_EQ(invocation->deadline, Timestamp(std::chrono::milliseconds(1'769'860'800'500)));
  EXPECT_EQ(invocation->trace_id, "Root=1-5bef");
  EXPECT_EQ(invocation->function_arn, "arn:aws:lambda:x");
  EXPECT_TRUE(client->Respond("8476a536", R"({"ok":true})"));
  EXPECT_TRUE(client->RespondError("8476a536", "Load.Incomplete", "a \"quoted\" key"));
  EXPECT_TRUE(client->ReportInitError("Init.Config", "no source"));
  const auto& requests = api.Requests();
  std::vector<std::string> lines;
  for (const auto& request : requests) {
    lines.push_back(std::string(request.method_string()) + " " + std::string(request.target()));
  }
  EXPECT_THAT(lines, ElementsAre("GET /2018-06-01/runtime/invocation/next",
                                 "POST /2018-06-01/runtime/invocation/8476a536/response",
                                 "POST /2018-06-01/runtime/invocation/8476a536/error",
                                 "POST /2018-06-01/runtime/init/error"));
  EXPECT_EQ(requests[1].body(), R"({"ok":true})");
  EXPECT_EQ(requests[2]["Lambda-Runtime-Function-Error-Type"], "Load.Incomplete");
  EXPECT_EQ(requests[2].body(),
            R"({"errorMessage":"a \"quoted\" key","errorType":"Load.Incomplete","stackTrace":[]})");
}

TEST(LambdaRuntime, WhatIsNoInvocationIsAnError) {
  FakeRuntimeApi api({Answer(500), Answer(200, "{}"), Answer(413)});
  const auto client = ClientOf(api.address());
  EXPECT_THAT(client->Next().error().message(), HasSubstr("status 500"));
  EXPECT_THAT(client->Next().error().message(), HasSubstr("without a request id"));
  EXPECT_EQ(client->Respond("id", "{}").error().kind(), ErrorKind::kBadData);
  EXPECT_EQ(RuntimeClient::Make("", http::MakeClient()).error().kind(), ErrorKind::kBadConfig);
}

// The emulator starts a program that does nothing, and this process answers in its stead.
TEST(LambdaRuntime, WorksWithTheInterfaceEmulator) {
  const char* servers = std::getenv("RTLOADER_SERVERS");
  const char* home = std::getenv("HOME");
  const std::filesystem::path emulator =
      (servers != nullptr ? std::filesystem::path(servers)
                          : std::filesystem::path(home != nullptr ? home : "") / ".cache/rtloader/servers") /
      "aws-lambda-rie";
  if (!std::filesystem::exists(emulator)) GTEST_SKIP() << "no " << emulator << ": set RTLOADER_SERVERS";
  std::string folder = (std::filesystem::temp_directory_path() / "rtl-rie-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string bootstrap = folder + "/bootstrap";
  std::ofstream(bootstrap) << "#!/bin/sh\n: > " << folder << "/started\nexec sleep 60\n";
  std::filesystem::permissions(bootstrap, std::filesystem::perms::owner_all);
  const auto free_port = [] {
    boost::asio::io_context io;
    return tcp::acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0))
        .local_endpoint()
        .port();
  };
  const std::string front = fmt::format("127.0.0.1:{}", free_port());
  const std::string api = fmt::format("127.0.0.1:{}", free_port());
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setpgid(0, 0);
    const int nothing = ::open("/dev/null", O_WRONLY);
    ::dup2(nothing, 1);
    ::dup2(nothing, 2);
    ::execl(emulator.c_str(), emulator.c_str(), "--runtime-interface-emulator-address", front.c_str(),
            "--runtime-api-address", api.c_str(), bootstrap.c_str(), nullptr);
    ::_exit(127);
  }
  const std::shared_ptr<http::Client> http = http::MakeClient();
  const auto eventually = [](const auto& condition) {
    for (int i = 0; i < 1'000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  };
  const bool is_up = eventually([&] { return http->Send({.url = "http://" + front + "/"}).has_value(); });
  EXPECT_TRUE(is_up);
  if (is_up) {
    std::string answer;
    std::jthread caller([&] {
      const auto response =
          http->Send({.method = "POST",
                      .url = "http://" + front + "/2015-03-31/functions/function/invocations",
                      .body = R"({"Records":[]})",
                      .timeout = std::chrono::milliseconds(20'000)});
      answer = response ? response->body : response.error().message();
    });
    // the emulator takes no request before it has started the runtime, which the first invocation makes it do
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(folder + "/started"); }));
    const auto client = ClientOf(api);
    const auto invocation = client->Next();
    EXPECT_TRUE(invocation) << invocation.error().message();
    if (invocation) {
      EXPECT_EQ(invocation->event, R"({"Records":[]})");
      EXPECT_TRUE(invocation->deadline);
      EXPECT_TRUE(client->Respond(invocation->request_id, R"({"keys":0})"));
    }
    // the caller has its answer once the runtime is ready for the next
    std::jthread waiting([&](const std::stop_token& stop) {
      EXPECT_EQ(client->Next(stop).error().kind(), ErrorKind::kCancelled) << "also while nothing comes";
    });
    caller.join();
    waiting.request_stop();
    waiting.join();
    EXPECT_EQ(answer, R"({"keys":0})");
  }
  ::kill(-pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace rtl::lambda
