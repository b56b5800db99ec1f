// A real S3 server for tests: versitygw on a free port of 127.0.0.1, its data in a folder that is gone
// afterwards. It is found through RTLOADER_SERVERS (tools/servers); without it tests skip themselves.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "aws/credentials.h"
#include "s3/s3_client.h"
#include "store/store_under_test.h"

namespace rtl::s3 {

inline std::optional<std::string> ServerProgram() {
  namespace fs = std::filesystem;
  const char* folder = std::getenv("RTLOADER_SERVERS");
  const char* home = std::getenv("HOME");
  const fs::path program = folder != nullptr
                               ? fs::path(folder) / "versitygw"
                               : fs::path(home != nullptr ? home : "/") / ".cache/rtloader/servers/versitygw";
  if (access(program.c_str(), X_OK) != 0) return std::nullopt;
  return program.string();
}

class TestingServer {
 public:
  // One for the process, started by the first who asks; null where the program is not installed.
  static TestingServer* Get() {
    static const std::unique_ptr<TestingServer> server = Start();
    return server.get();
  }

  ~TestingServer() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }

  const std::string& endpoint() const { return endpoint_; }

  // A new bucket. `versioned` ones keep every version.
  std::string NewBucket(bool versioned = false) {
    const std::string bucket = "b" + NewUuid();
    S3Client client = Client(bucket);
    Request(client, "PUT", "/" + bucket, "", "");
    if (versioned) {
      Request(client, "PUT", "/" + bucket, "versioning=",
              "<VersioningConfiguration "
              "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>Enabled</Status>"
              "</VersioningConfiguration>");
    }
    return bucket;
  }

  S3Client Client(const std::string& bucket, Options options = {}) {
    options.endpoint = endpoint_;
    options.retry.budget = std::chrono::milliseconds(5'000);
    return S3Client(bucket, options, http_, Credentials(), counters_, SystemClock());
  }
  std::unique_ptr<store::ObjectStore> Store(const std::string& bucket, const std::string& prefix,
                                            Options options = {}) {
    options.endpoint = endpoint_;
    options.retry.budget = std::chrono::milliseconds(5'000);
    return OpenS3Store({bucket, prefix}, options, http_, Credentials(), counters_).value();
  }
  const std::shared_ptr<aws::RequestCounters>& counters() const { return counters_; }

 private:
  static std::shared_ptr<aws::CredentialsProvider> Credentials() {
    return aws::MakeFixedCredentials({"test", "testsecret", "", std::nullopt, "test"});
  }

  static int FreePort() {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(fd, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    close(fd);
    return ntohs(address.sin_port);
  }

  static std::unique_ptr<TestingServer> Start() {
    const auto program = ServerProgram();
    if (!program) return nullptr;
    std::unique_ptr<TestingServer> server(new TestingServer);
    const int port = FreePort();
    const std::string address = fmt::format("127.0.0.1:{}", port);
    const std::string data = server->folder_ / "data";
    const std::string versions = server->folder_ / "versions";
    std::filesystem::create_directories(data);
    std::filesystem::create_directories(versions);
    server->endpoint_ = "http://" + address;
    server->pid_ = fork();
    if (server->pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      execl(program->c_str(), program->c_str(), "--access", "test", "--secret", "testsecret", "--port",
            address.c_str(), "--quiet", "--health", "/health", "posix", "--versioning-dir", versions.c_str(),
            data.c_str(), nullptr);
      _exit(127);
    }
    http::Request health;
    health.url = server->endpoint_ + "/health";
    for (int i = 0; i < 200; ++i) {
      const auto response = server->http_->Send(health);
      if (response && response->status == 200) return server;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return nullptr;
  }

  void Request(const S3Client&, const std::string& method, const std::string& path, const std::string& query,
               const std::string& body) {
    http::Request request;
    request.method = method;
    request.url = endpoint_ + path + (query.empty() ? "" : "?" + query);
    request.body = body;
    aws::Sign(request, *Credentials()->Get(),
              {.region = "us-east-1", .service = "s3", .path_as_sent = true, .send_content_hash = true},
              SystemClock().Now());
    const auto response = http_->Send(request);
    if (!response || response->status != 200) {
      fmt::print(stderr, "{} {}: {}\n", method, path, response ? response->body : response.error().message());
      std::abort();
    }
  }

  static std::filesystem::path Base() {
    const std::filesystem::path memory = "/dev/shm";
    return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
  }

  const store::TempFolder folder_{Base()};
  const std::shared_ptr<http::Client> http_ = http::MakeClient({.ca_file = {}, .use_proxy = false});
  const std::shared_ptr<aws::RequestCounters> counters_ = std::make_shared<aws::RequestCounters>();
  std::string endpoint_;
  pid_t pid_ = -1;
};

}  // namespace rtl::s3
