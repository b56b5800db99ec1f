// ElasticMQ, an SQS server, started for a test program and stopped at its end. Its jars lie in
// $RTLOADER_SERVERS/elasticmq/lib (default ~/.cache/rtloader/servers).
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "aws/credentials.h"
#include "core/json_writer.h"
#include "discover/sqs_client.h"
#include "http/client.h"

namespace rtl::discover {

class TestingCredentials final : public aws::CredentialsProvider {
 public:
  Result<aws::Credentials> Get() override {
    return aws::Credentials{.access_key_id = "test", .secret_access_key = "secret", .source = "test"};
  }
  void Invalidate(const aws::Credentials&) override {}
};

// Looks every 10 ms, for at most 20 s.
inline bool Eventually(const auto& condition) {
  for (int i = 0; i < 2'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

class ElasticMq {
 public:
  // Null: not to be had here.
  static std::unique_ptr<ElasticMq> Start() {
    const char* servers = std::getenv("RTLOADER_SERVERS");
    const char* home = std::getenv("HOME");
    const std::filesystem::path lib =
        (servers != nullptr
             ? std::filesystem::path(servers)
             : std::filesystem::path(home != nullptr ? home : "") / ".cache/rtloader/servers") /
        "elasticmq/lib";
    std::error_code ignored;
    if (!std::filesystem::exists(lib, ignored)) return nullptr;
    auto server = std::unique_ptr<ElasticMq>(new ElasticMq());
    if (!server->Run(lib)) return nullptr;
    return server;
  }

  ~ElasticMq() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  ElasticMq(const ElasticMq&) = delete;
  ElasticMq& operator=(const ElasticMq&) = delete;

  std::string Url(const std::string& queue) const { return endpoint_ + "/000000000000/" + queue; }
  std::string Arn(const std::string& queue) const { return "arn:aws:sqs:elasticmq:000000000000:" + queue; }

  // Messages that `most` receives left go to `dead_letters`, where one is named.
  std::unique_ptr<SqsClient> MakeQueue(const std::string& name, const std::string& dead_letters = {},
                                       int most = 2) {
    JsonWriter json;
    json.BeginObject().Key("QueueName").String(name).Key("Attributes").BeginObject();
    if (!dead_letters.empty()) {
      JsonWriter policy;
      policy.BeginObject().Key("deadLetterTargetArn").String(Arn(dead_letters));
      policy.Key("maxReceiveCount").Int(most).EndObject();
      json.Key("RedrivePolicy").String(policy.text());
    }
    json.EndObject().EndObject();
    http::Request request{.method = "POST",
                          .url = endpoint_ + "/",
                          .headers = {{"Content-Type", "application/x-amz-json-1.0"},
                                      {"X-Amz-Target", "AmazonSQS.CreateQueue"}},
                          .body = json.text()};
    const auto response = http_->Send(request);
    if (!response || response->status != 200) return nullptr;
    return Client(name);
  }

  std::unique_ptr<SqsClient> Client(const std::string& name) {
    auto client = SqsClient::Make({.queue_url = Url(name)}, http_, std::make_shared<TestingCredentials>(),
                                  std::make_shared<aws::RequestCounters>());
    return client ? std::move(*client) : nullptr;
  }
  const std::shared_ptr<http::Client>& http() const { return http_; }

 private:
  ElasticMq() = default;

  static int FreePort() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    return ntohs(address.sin_port);
  }

  bool Run(const std::filesystem::path& lib) {
    std::string name = (std::filesystem::temp_directory_path() / "rtl-elasticmq-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return false;
    folder_ = name;
    const std::string port = std::to_string(FreePort());
    const std::string config = (folder_ / "emq.conf").string();
    std::ofstream(config) << "include classpath(\"application.conf\")\n"
                          << "node-address { protocol = http, host = \"127.0.0.1\", port = " << port
                          << ", context-path = \"\" }\n"
                          << "rest-sqs { enabled = true, bind-port = " << port
                          << ", bind-hostname = \"127.0.0.1\", sqs-limits = strict }\n"
                          << "rest-stats { enabled = false }\n";
    const std::string option = "-Dconfig.file=" + config;
    const std::string jars = (lib / "*").string();
    const std::string log = (folder_ / "log").string();
    pid_ = ::fork();
    if (pid_ == 0) {
      const int out = ::open(log.c_str(), O_WRONLY | O_CREAT, 0600);
      ::dup2(out, 1);
      ::dup2(out, 2);
      ::execlp("java", "java", "-Xmx256m", "-XX:TieredStopAtLevel=1", option.c_str(), "-cp", jars.c_str(),
               "org.elasticmq.server.Main", nullptr);
      ::_exit(127);
    }
    endpoint_ = "http://127.0.0.1:" + port;
    return pid_ > 0 && Eventually([&] {
             const auto answer = http_->Send({.url = endpoint_ + "/"});
             return answer.has_value() || ::waitpid(pid_, nullptr, WNOHANG) != 0;
           }) &&
           ::kill(pid_, 0) == 0;
  }

  const std::shared_ptr<http::Client> http_ = http::MakeClient({.use_proxy = false});
  std::filesystem::path folder_;
  std::string endpoint_;
  pid_t pid_ = 0;
};

}  // namespace rtl::discover
