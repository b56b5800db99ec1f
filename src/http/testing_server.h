// A small HTTP/1.1 server on loopback for tests: what it answers, and how badly, is the test's to say.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace rtl::http {

// A request as it came.
struct ReceivedRequest {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;  // names as sent
  std::string body;
  int connection = 0;     // 1, 2, ... in order of arrival
  int on_connection = 0;  // 1, 2, ... of those on this connection

  std::string header(std::string_view name) const {  // case ignored; empty: absent
    const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
    for (const auto& [key, value] : headers) {
      if (std::ranges::equal(key, name, same)) return value;
    }
    return {};
  }
  std::string path() const { return target.substr(0, target.find('?')); }
};

// What goes back, and what becomes of the connection.
struct Reply {
  std::string bytes;
  bool close = false;  // after the bytes
  bool stall = false;  // after the bytes nothing more comes until the client or the server ends
};

inline Reply MakeReply(int status, std::string_view body, std::string_view more_headers = "") {
  return {.bytes = "HTTP/1.1 " + std::to_string(status) +
                   " Whatever\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
                   std::string(more_headers) + "\r\n" + std::string(body)};
}

// Threads: one of its own for each connection; `handler` is called by those, several at once.
class TestingServer {
 public:
  using Handler = std::function<Reply(const ReceivedRequest&)>;

  explicit TestingServer(Handler handler, SSL_CTX* tls = nullptr) : handler_(std::move(handler)), tls_(tls) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 64);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }

  ~TestingServer() {
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    for (auto& thread : threads_) thread.join();
  }
  TestingServer(const TestingServer&) = delete;
  TestingServer& operator=(const TestingServer&) = delete;

  int port() const { return port_; }
  std::string url(std::string_view path = "/") const {
    return (tls_ == nullptr ? "http://127.0.0.1:" : "https://127.0.0.1:") + std::to_string(port_) +
           std::string(path);
  }
  std::vector<ReceivedRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  int connections() const { return connections_; }

 private:
  // One connection, plain or over TLS.
  struct Wire {
    int socket;
    SSL* ssl = nullptr;
    std::string buffer;

    bool More() {
      std::array<char, 65'536> chunk;
      const auto size = static_cast<int>(chunk.size());
      const auto count = ssl == nullptr ? static_cast<int>(recv(socket, chunk.data(), chunk.size(), 0))
                                        : SSL_read(ssl, chunk.data(), size);
      if (count > 0) buffer.append(chunk.data(), static_cast<std::size_t>(count));
      return count > 0;
    }
    void Write(std::string_view bytes) const {
      while (!bytes.empty()) {
        const auto count = ssl == nullptr
                               ? static_cast<int>(send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL))
                               : SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size()));
        if (count <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(count));
      }
    }
  };

  void Accept() {
    sigset_t broken_pipe;  // of OpenSSL's writes; this thread's threads inherit it
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    while (!stopping_) {
      const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) continue;
      const int number = ++connections_;
      threads_.emplace_back([this, socket, number] {
        Wire wire{.socket = socket};
        if (tls_ != nullptr) {
          wire.ssl = SSL_new(tls_);
          SSL_set_fd(wire.ssl, socket);
        }
        if (tls_ == nullptr || SSL_accept(wire.ssl) == 1) Serve(wire, number);
        if (wire.ssl != nullptr) SSL_free(wire.ssl);
        close(socket);
      });
    }
  }

  // False: the client left, or the server stops.
  bool AwaitBytes(const Wire& wire) const {
    if (wire.ssl != nullptr && SSL_pending(wire.ssl) > 0) return true;
    while (!stopping_) {
      pollfd wanted{.fd = wire.socket, .events = POLLIN, .revents = 0};
      if (poll(&wanted, 1, 20) > 0) return true;
    }
    return false;
  }

  bool Read(Wire& wire, ReceivedRequest& request) const {
    std::size_t end = 0;
    while ((end = wire.buffer.find("\r\n\r\n")) == std::string::npos) {
      if (!AwaitBytes(wire) || !wire.More()) return false;
    }
    std::string_view head = std::string_view(wire.buffer).substr(0, end + 2);
    const auto take_line = [&head] {
      const auto line = head.substr(0, head.find("\r\n"));
      head.remove_prefix(line.size() + 2);
      return line;
    };
    const auto first = take_line();
    request.method = first.substr(0, first.find(' '));
    request.target = first.substr(first.find(' ') + 1, first.rfind(' ') - first.find(' ') - 1);
    while (!head.empty()) {
      const auto line = take_line();
      const auto colon = line.find(':');
      const auto value = line.substr(std::min(line.size(), colon + 2));
      request.headers.emplace_back(line.substr(0, colon), value);
    }
    const std::string length = request.header("content-length");
    const std::size_t body = length.empty() ? 0 : std::stoull(length);
    while (wire.buffer.size() < end + 4 + body) {
      if (!AwaitBytes(wire) || !wire.More()) return false;
    }
    request.body = wire.buffer.substr(end + 4, body);
    wire.buffer.erase(0, end + 4 + body);
    return true;
  }

  void Serve(Wire& wire, int connection) {
    for (int count = 1;; ++count) {
      ReceivedRequest request{.connection = connection, .on_connection = count};
      if (!Read(wire, request)) return;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      const Reply reply = handler_(request);
      wire.Write(reply.bytes);
      if (reply.stall) AwaitBytes(wire);
      if (reply.close || reply.stall) return;
    }
  }

  Handler handler_;
  SSL_CTX* tls_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<ReceivedRequest> requests_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace rtl::http
