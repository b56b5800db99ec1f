// The services that give credentials, on loopback for tests: STS, the SSO portal, a container endpoint and
// the instance's metadata, answering as AWS documents them.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "aws/credentials.h"
#include "http/testing_server.h"

namespace rtl::aws {

inline const Timestamp kTestingNow =
    std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + std::chrono::hours(12);
inline constexpr const char* kInAnHour = "2026-01-31T13:00:00Z";

class TestingClock final : public Clock {
 public:
  Timestamp Now() const override { return FromMicros(now); }
  void Sleep(std::chrono::milliseconds duration) const override { now += duration.count() * 1'000; }
  mutable std::atomic<std::int64_t> now = MicrosSinceEpoch(kTestingNow);
};

// Threads: any.
class TestingAws {
 public:
  TestingAws() : server_([this](const http::ReceivedRequest& request) { return Answer(request); }) {}

  std::string url(std::string_view path = "") const { return server_.url(path); }
  std::vector<http::ReceivedRequest> requests() const { return server_.requests(); }

  // "Action of STS" or path → what is answered instead, once for each entry.
  void Instead(const std::string& what, http::Reply reply) {
    const std::lock_guard lock(mutex_);
    instead_[what].push_back(std::move(reply));
  }
  std::string expiration = kInAnHour;

  static std::string Parameter(const std::string& form, const std::string& name) {
    const std::string text = "&" + form + "&";
    const auto at = text.find("&" + name + "=");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 2;
    return text.substr(begin, text.find('&', begin) - begin);
  }

 private:
  http::Reply Answer(const http::ReceivedRequest& request) {
    const std::string action = Parameter(request.body, "Action");
    const std::string what = action.empty() ? request.path() : action;
    const std::lock_guard lock(mutex_);
    if (auto& replies = instead_[what]; !replies.empty()) {
      const http::Reply reply = replies.front();
      replies.erase(replies.begin());
      return reply;
    }
    if (action == "GetCallerIdentity") {
      return http::MakeReply(200,
                             "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
                             "<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/Alice</Arn>"
                             "<UserId>AIDA</UserId><Account>123456789012</Account></GetCallerIdentityResult>"
                             "</GetCallerIdentityResponse>");
    }
    if (!action.empty()) {
      const std::string number = std::to_string(++issued_);
      return http::MakeReply(
          200, "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + action +
                   "Result><AssumedRoleUser><Arn>arn</Arn></AssumedRoleUser><Credentials><AccessKeyId>ASIA" +
                   number +
                   "</AccessKeyId><SecretAccessKey>sts-secret</SecretAccessKey><SessionToken>sts-token</"
                   "SessionToken>"
                   "<Expiration>" +
                   expiration + "</Expiration></Credentials></" + action + "Result></" + action +
                   "Response>");
    }
    if (what == "/latest/api/token") {
      if (request.method != "PUT" || request.header("x-aws-ec2-metadata-token-ttl-seconds").empty()) {
        return http::MakeReply(400, "");
      }
      return http::MakeReply(200, "imds-token");
    }
    if (what.starts_with("/latest/meta-data/")) {
      if (request.header("x-aws-ec2-metadata-token") != "imds-token") return http::MakeReply(401, "");
      if (what == "/latest/meta-data/iam/security-credentials/") return http::MakeReply(200, "web-server");
      if (what == "/latest/meta-data/placement/region") return http::MakeReply(200, "eu-west-9");
      return http::MakeReply(200, Json("Token", "\"Code\":\"Success\",\"Type\":\"AWS-HMAC\","));
    }
    if (what == "/federation/credentials") {
      if (request.header("x-amz-sso_bearer_token") != "sso-token") return http::MakeReply(401, "");
      return http::MakeReply(200,
                             R"({"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"sso-secret",)"
                             R"("sessionToken":"sso-session","expiration":1769864400000}})");
    }
    if (what == "/v1/credentials") return http::MakeReply(200, Json("Token", "\"RoleArn\":\"arn:task\","));
    return http::MakeReply(404, "");
  }

  std::string Json(const std::string& token_name, const std::string& more) {
    return "{" + more + R"("AccessKeyId":"ASIALOCAL)" + std::to_string(++issued_) +
           R"(","SecretAccessKey":"local-secret",")" + token_name + R"(":"local-token","Expiration":")" +
           expiration + R"("})";
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::vector<http::Reply>> instead_;
  int issued_ = 0;
  http::TestingServer server_;  // last: its threads use the others
};

// A process with these files and variables; the metadata service is switched off unless asked for.
struct TestingProcess {
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> commands;  // and their output

  Surroundings surroundings() const {
    Surroundings result;
    result.environment = environment;
    result.environment.emplace("AWS_EC2_METADATA_DISABLED", "true");
    result.home = "/home/me";
    result.read_file = [texts = files](const std::string& path) -> Result<std::string> {
      const auto found = texts.find(path);
      if (found == texts.end()) return Fail(ErrorKind::kNotFound, path + ": No such file");
      return found->second;
    };
    result.run = [outputs = commands](const std::string& command) -> Result<std::string> {
      const auto found = outputs.find(command);
      if (found == outputs.end()) return Fail(ErrorKind::kUnavailable, "ended with code 127");
      return found->second;
    };
    return result;
  }
};

}  // namespace rtl::aws
