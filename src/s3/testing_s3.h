// S3 on loopback as the test scripts it: for AWS's answers that no server at hand gives.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "aws/credentials.h"
#include "http/testing_server.h"
#include "s3/s3_client.h"

namespace rtl::s3 {

// "<Error>..." as S3 answers it.
inline std::string ErrorXml(std::string_view code, std::string_view more = {}) {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>said so</Message>{}"
      "<RequestId>4442587FB7D0A2F9</RequestId><HostId>host</HostId></Error>",
      code, more);
}
inline http::Reply Refusal(int status, std::string_view code, std::string_view headers = {}) {
  return http::MakeReply(status, ErrorXml(code), headers);
}
// To a HEAD: no body, but the length of one.
inline http::Reply ToHead(int status, std::string_view headers = {}) {
  return {.bytes = fmt::format("HTTP/1.1 {} Whatever\r\n{}\r\n", status, headers)};
}
inline constexpr std::string_view kVersionHeaders =
    "ETag: \"e1\"\r\nLast-Modified: Sat, 31 Jan 2026 12:00:00 GMT\r\n";

class ScriptedS3 {
 public:
  using Handler = http::TestingServer::Handler;
  explicit ScriptedS3(Handler handler, Options options = {}) : server_(std::move(handler)) {
    options.endpoint = server_.url("");
    options.retry = {std::chrono::milliseconds(1), std::chrono::milliseconds(2),
                     std::chrono::milliseconds(2'000)};
    const auto http = std::shared_ptr<http::Client>(http::MakeClient({.ca_file = {}, .use_proxy = false}));
    const auto who =
        aws::MakeFixedCredentials({"AKIDEXAMPLE", "very-secret-key", "secret-token", std::nullopt, "test"});
    client_ = std::make_unique<S3Client>("bucket", options, http, who, counters_, SystemClock());
    store_ = OpenS3Store({"bucket", "in/"}, options, http, who, counters_).value();
  }

  S3Client& client() { return *client_; }
  store::ObjectStore& store() { return *store_; }
  std::vector<http::ReceivedRequest> requests() const { return server_.requests(); }
  aws::RequestCounters::Totals counted() const { return counters_->totals(); }

 private:
  const std::shared_ptr<aws::RequestCounters> counters_ = std::make_shared<aws::RequestCounters>();
  http::TestingServer server_;
  std::unique_ptr<S3Client> client_;
  std::unique_ptr<store::ObjectStore> store_;
};

// Answers one after the other, the last one for ever. Threads: any.
class Script {
 public:
  explicit Script(std::vector<http::Reply> replies) : replies_(std::make_shared<State>(std::move(replies))) {}
  http::Reply operator()(const http::ReceivedRequest&) const {
    const std::lock_guard lock(replies_->mutex);
    if (replies_->at + 1 < replies_->replies.size()) return replies_->replies[replies_->at++];
    return replies_->replies.back();
  }

 private:
  struct State {
    explicit State(std::vector<http::Reply> all) : replies(std::move(all)) {}
    std::mutex mutex;
    std::vector<http::Reply> replies;
    std::size_t at = 0;
  };
  std::shared_ptr<State> replies_;
};

}  // namespace rtl::s3
