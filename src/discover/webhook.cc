#include "discover/webhook.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <set>
#include <thread>
#include <utility>

#include "discover/webhook_inbox.h"

namespace rtl::discover {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t kMaxHeadBytes = 16 << 10;
constexpr int kWorkers = 4;
// What a refused request still sends is read and thrown away, so that its sender gets to read the answer.
constexpr std::size_t kMaxDrainedBytes = 4 << 20;
constexpr std::chrono::milliseconds kDrainTime{1'000};

using Parser = bhttp::request_parser<bhttp::string_body>;

std::string_view View(beast::string_view text) {
  return {text.data(), text.size()};
}

WebhookAnswer Plain(int status, std::string_view reason) {
  return {.status = status, .body = fmt::format(R"({{"error":"{}"}})", reason)};
}

// An error of reading; absent: the connection is gone or too slow, and there is nobody to answer.
std::optional<WebhookAnswer> AnswerToReadError(const error_code& error) {
  if (error == bhttp::error::body_limit) return Plain(413, "the body is too large");
  if (error == bhttp::error::header_limit) return Plain(431, "the head is too large");
  if (error == bhttp::error::end_of_stream || error == bhttp::error::partial_message) return {};
  if (error.category() == bhttp::make_error_code(bhttp::error::bad_method).category()) {
    return Plain(400, "no HTTP request");
  }
  return {};
}

}  // namespace

class Webhook::Server {
 public:
  Server(WebhookOptions options, EventScope scope, std::shared_ptr<http::Client> client, OnHint on_hint,
         OnNotice on_notice, const Clock& clock)
      : options_(options),
        inbox_(std::move(options), std::move(scope), std::move(client), std::move(on_hint),
               std::move(on_notice), clock) {}

  ~Server() {
    stop_.request_stop();
    asio::post(io_, [this] { CloseAll(); });
    if (thread_.joinable()) thread_.join();
    workers_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Result<> Listen() {
    const auto failed = [&](const error_code& error) {
      return Fail(ErrorKind::kBadConfig, fmt::format("the webhook cannot listen on {} port {}: {}",
                                                     options_.address, options_.port, error.message()));
    };
    error_code error;
    const auto address =
        asio::ip::make_address(options_.address == "localhost" ? "127.0.0.1" : options_.address, error);
    if (error) return failed(error);
    if (!address.is_loopback() && options_.auth.empty()) {
      return Fail(ErrorKind::kBadConfig,
                  fmt::format("the webhook on {} needs a bearer token, an HMAC secret or SNS topics: only on "
                              "loopback may it take events from anybody",
                              options_.address));
    }
    const tcp::endpoint endpoint(address, options_.port);
    if (acceptor_.open(endpoint.protocol(), error)) return failed(error);
    if (acceptor_.set_option(asio::socket_base::reuse_address(true), error)) return failed(error);
    if (acceptor_.bind(endpoint, error)) return failed(error);
    if (acceptor_.listen(asio::socket_base::max_listen_connections, error)) return failed(error);
    port_ = acceptor_.local_endpoint(error).port();
    if (error) return failed(error);
    asio::co_spawn(io_, Accept(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
    return {};
  }

  std::uint16_t port() const { return port_; }
  WebhookCounters counters() const { return inbox_.counters(); }

 private:
  // Of the connection's place among the streams, for as long as its coroutine lives.
  class Place {
   public:
    Place(Server& server, beast::tcp_stream& stream) : server_(server), stream_(stream) {
      server_.streams_.insert(&stream_);
    }
    ~Place() {
      server_.streams_.erase(&stream_);
      server_.room_.cancel();
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    Server& server_;
    beast::tcp_stream& stream_;
  };

  bool stopping() const { return stop_.stop_requested(); }

  void CloseAll() {
    error_code ignored;
    ignored = acceptor_.close(ignored);
    room_.cancel();
    for (beast::tcp_stream* stream : streams_) stream->cancel();
    for (asio::steady_timer* timer : waits_) timer->cancel();
  }

  asio::awaitable<void> Accept() {
    while (!stopping()) {
      while (!stopping() && streams_.size() >= static_cast<std::size_t>(options_.max_connections)) {
        room_.expires_at(asio::steady_timer::time_point::max());
        co_await room_.async_wait(kAwait);
      }
      auto [error, socket] = co_await acceptor_.async_accept(kAwait);
      if (stopping()) break;
      if (error) {  // no descriptors left, say
        room_.expires_after(std::chrono::milliseconds(100));
        co_await room_.async_wait(kAwait);
        continue;
      }
      asio::co_spawn(io_, Serve(beast::tcp_stream(std::move(socket))), asio::detached);
    }
  }

  asio::awaitable<void> Serve(beast::tcp_stream stream) {
    const Place place(*this, stream);
    beast::flat_buffer buffer;
    bool open = true;
    while (open && !stopping()) open = co_await ServeOne(stream, buffer);
    error_code ignored;
    ignored = stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  // One request and its answer; whether the connection goes on.
  asio::awaitable<bool> ServeOne(beast::tcp_stream& stream, beast::flat_buffer& buffer) {
    Parser parser;
    parser.header_limit(kMaxHeadBytes);
    parser.body_limit(static_cast<std::uint64_t>(options_.max_body_bytes));
    stream.expires_after(options_.read_timeout);
    auto [head_error, head_bytes] = co_await bhttp::async_read_header(stream, buffer, parser, kAwait);
    if (head_error) co_return co_await AnswerReadError(stream, buffer, head_error);

    const auto& request = parser.get();
    const unsigned version = request.version();
    WebhookHead head;
    head.authorization = View(request[bhttp::field::authorization]);
    head.hmac = View(request[options_.auth.hmac_header]);
    head.sns_type = View(request["x-amz-sns-message-type"]);
    head.sns_raw = View(request["x-amz-sns-rawdelivery"]) == "true";
    const Trust trust = TrustOf(options_.auth, head);
    if (const auto answer = AnswerToHead(request, trust)) {
      const bool keep = parser.is_done() && request.keep_alive();
      co_await Send(stream, *answer, version, keep);
      if (!keep) co_await Drain(stream, buffer);
      co_return keep;
    }
    if (stopping()) co_return false;
    if (beast::iequals(request[bhttp::field::expect], "100-continue")) {
      bhttp::response<bhttp::empty_body> go_on(bhttp::status::continue_, version);
      co_await bhttp::async_write(stream, go_on, kAwait);
    }
    stream.expires_after(options_.read_timeout);
    auto [body_error, body_bytes] = co_await bhttp::async_read(stream, buffer, parser, kAwait);
    if (body_error) co_return co_await AnswerReadError(stream, buffer, body_error);

    stream.expires_never();
    WebhookAnswer answer =
        co_await asio::co_spawn(workers_, TakeOnWorker(head, trust, request.body()), asio::use_awaitable);
    if (options_.answer == WebhookOptions::Answer::kHandled && answer.outstanding) {
      co_await AwaitHandled(*answer.outstanding);
      if (!answer.outstanding->handled()) answer = Plain(503, "not handled in time");
    }
    const bool keep = request.keep_alive() && !stopping();
    co_return co_await Send(stream, answer, version, keep) && keep;
  }

  std::optional<WebhookAnswer> AnswerToHead(const Parser::value_type& request, Trust trust) {
    const std::string_view target = View(request.target());
    const std::string_view path = target.substr(0, target.find('?'));
    if (path == "/healthz") {
      if (request.method() != bhttp::verb::get) return Plain(405, "GET only");
      return WebhookAnswer{.status = 200, .body = R"({"status":"ok"})"};
    }
    if (path != options_.path) return Plain(404, "no such path");
    if (request.method() != bhttp::verb::post) return Plain(405, "POST only");
    inbox_.CountRequest();
    if (trust != Trust::kRefused) return {};
    inbox_.Reject("no credentials, or wrong ones");
    return Plain(401, "credentials are needed");
  }

  // The head's views are of the request that the awaiting coroutine keeps.
  asio::awaitable<WebhookAnswer> TakeOnWorker(WebhookHead head, Trust trust, const std::string& body) {
    co_return inbox_.Take(head, trust, body, stop_.get_token());
  }

  asio::awaitable<void> AwaitHandled(Outstanding& outstanding) {
    const auto timer = std::make_shared<asio::steady_timer>(io_, options_.handle_timeout);
    // The wake comes back over the one thread of io_, so never between this check and the wait.
    const bool must_wait =
        outstanding.WakeWhenDone([this, timer] { asio::post(io_, [timer] { timer->cancel(); }); });
    if (must_wait && !stopping()) {
      waits_.insert(timer.get());
      co_await timer->async_wait(kAwait);
      waits_.erase(timer.get());
    }
    outstanding.Forget();
  }

  asio::awaitable<bool> AnswerReadError(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                                        error_code error) {
    if (const auto answer = AnswerToReadError(error)) {
      co_await Send(stream, *answer, 11, false);
      co_await Drain(stream, buffer);
    }
    co_return false;
  }

  asio::awaitable<bool> Send(beast::tcp_stream& stream, const WebhookAnswer& answer, unsigned version,
                             bool keep_alive) {
    bhttp::response<bhttp::string_body> response(static_cast<bhttp::status>(answer.status), version);
    response.set(bhttp::field::content_type, "application/json");
    if (answer.status == 401) response.set(bhttp::field::www_authenticate, "Bearer");
    if (answer.status == 405) response.set(bhttp::field::allow, "GET, POST");
    if (answer.status == 429 || answer.status == 503) response.set(bhttp::field::retry_after, "1");
    response.body() = answer.body;
    response.keep_alive(keep_alive);
    response.prepare_payload();
    stream.expires_after(options_.read_timeout);
    auto [error, bytes] = co_await bhttp::async_write(stream, response, kAwait);
    co_return !error;
  }

  asio::awaitable<void> Drain(beast::tcp_stream& stream, beast::flat_buffer& buffer) {
    error_code ignored;
    ignored = stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream.expires_after(kDrainTime);
    for (std::size_t drained = 0; drained < kMaxDrainedBytes && !stopping();) {
      buffer.clear();
      auto [error, bytes] = co_await stream.async_read_some(buffer.prepare(16 << 10), kAwait);
      if (error || bytes == 0) break;
      drained += bytes;
    }
  }

  const WebhookOptions options_;
  WebhookInbox inbox_;
  std::stop_source stop_;
  std::uint16_t port_ = 0;
  // All below but the pool is used by the one thread of io_ alone (before it exists: by Listen).
  asio::io_context io_{1};
  asio::thread_pool workers_{kWorkers};
  tcp::acceptor acceptor_{io_};
  asio::steady_timer room_{io_};  // cancelled when a connection ends
  std::set<beast::tcp_stream*> streams_;
  std::set<asio::steady_timer*> waits_;
  std::thread thread_;
};

Webhook::Webhook(std::unique_ptr<Server> server) : server_(std::move(server)) {}
Webhook::~Webhook() = default;

Result<std::unique_ptr<Webhook>> Webhook::Start(WebhookOptions options, EventScope scope,
                                                std::shared_ptr<http::Client> client, OnHint on_hint,
                                                OnNotice on_notice, const Clock& clock) {
  auto server = std::make_unique<Server>(std::move(options), std::move(scope), std::move(client),
                                         std::move(on_hint), std::move(on_notice), clock);
  RTL_CHECK(server->Listen());
  return std::unique_ptr<Webhook>(new Webhook(std::move(server)));
}

std::uint16_t Webhook::port() const {
  return server_->port();
}

WebhookCounters Webhook::counters() const {
  return server_->counters();
}

}  // namespace rtl::discover
