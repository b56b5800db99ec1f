#include "session.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <optional>
#include <sstream>

#include "control.h"

namespace rtl::proxy {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

RequestLine LineOf(const Request& request) {
  return {.method = {request.method_string().data(), request.method_string().size()},
          .target = {request.target().data(), request.target().size()},
          .conditional = request.find(http::field::if_none_match) != request.end() ||
                         request.find(http::field::if_match) != request.end()};
}

Response S3Error(const Request& request, unsigned status, std::string_view code, std::string body = {}) {
  Response out;
  out.result(status);
  out.version(11);
  out.keep_alive(request.keep_alive());
  out.set(http::field::content_type, "application/xml");
  out.set("x-amz-request-id", "PROXY0000000000");
  if (body.empty()) {
    body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + std::string(code) +
           "</Code><Message>said by the proxy</Message><RequestId>PROXY0000000000</RequestId></Error>";
  }
  if (request.method() == http::verb::head) {
    out.set(http::field::content_length, "0");
  } else {
    out.body() = std::move(body);
    out.prepare_payload();
  }
  return out;
}

class Session {
 public:
  Session(tcp::socket client, Proxy& proxy)
      : client_(std::move(client)), server_(client_.get_executor()), proxy_(proxy) {}

  asio::awaitable<void> Run() {
    while (true) {
      std::optional<Request> request = co_await ReadRequest();
      if (!request) co_return;
      ++proxy_.in_flight;
      const bool more = co_await Answer(*request);
      --proxy_.in_flight;
      if (!more) co_return;
    }
  }

 private:
  asio::awaitable<std::optional<Request>> ReadRequest() {
    http::request_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    parser.header_limit(1 << 18);
    if (auto [error, size] = co_await http::async_read_header(client_, from_client_, parser, kToken); error) {
      co_return std::nullopt;
    }
    if (parser.get()[http::field::expect] == "100-continue") {
      co_await asio::async_write(client_, asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25), kToken);
    }
    if (auto [error, size] = co_await http::async_read(client_, from_client_, parser, kToken); error)
      co_return std::nullopt;
    co_return parser.release();
  }

  // False ends the connection.
  asio::awaitable<bool> Answer(Request& request) {
    const RequestLine line = LineOf(request);
    if (std::optional<std::string> control = Control(proxy_, line)) {
      Response out;
      out.version(11);
      out.result(control->empty() ? 400 : 200);
      out.keep_alive(request.keep_alive());
      out.body() = std::move(*control);
      out.prepare_payload();
      co_return co_await Send(out);
    }
    proxy_.Count(KindOf(line));
    proxy_.Count("bytes_up", static_cast<int64_t>(request.body().size()));
    int64_t& most = proxy_.counters["most_in_flight"];
    most = std::max(most, proxy_.in_flight);

    const Decision decision = Decide(proxy_.settings, line, proxy_.random);
    if (decision.delay.count() > 0) {
      asio::steady_timer timer(client_.get_executor(), decision.delay);
      co_await timer.async_wait(kToken);
    }
    if (std::optional<Scripted> scripted = TakeScripted(proxy_.settings, line)) {
      proxy_.Count("scripted");
      co_return co_await Send(S3Error(request, scripted->status, scripted->code, scripted->body));
    }
    if (decision.fault != Fault::kNone) proxy_.Count(NameOf(decision.fault));
    switch (decision.fault) {
      case Fault::kCutBefore:
        co_return false;
      case Fault::kSlowDown:
        co_return co_await Send(S3Error(request, 503, "SlowDown"));
      case Fault::kErrorBefore:
        co_return co_await Send(S3Error(request, 500, "InternalError"));
      case Fault::kConflict:
        co_return co_await Send(S3Error(request, 409, "ConditionalRequestConflict"));
      default:
        break;
    }
    std::optional<Response> response = co_await Forward(request);
    if (!response) co_return false;
    proxy_.Count("bytes_down", static_cast<int64_t>(response->body().size()));
    switch (decision.fault) {
      case Fault::kReplyLost:
        co_return false;
      case Fault::kErrorAfter:
        co_return co_await Send(S3Error(request, 500, "InternalError"));
      case Fault::kReplyCut: {
        std::ostringstream text;
        text << *response;
        co_await asio::async_write(client_, asio::buffer(text.view().substr(0, text.view().size() / 2)),
                                   kToken);
        co_return false;
      }
      default:
        co_return co_await Send(*response) && response->keep_alive() && request.keep_alive();
    }
  }

  asio::awaitable<bool> Send(const Response& response) {
    auto [error, size] = co_await http::async_write(client_, response, kToken);
    co_return !error;
  }

  // The server's answer; none when it ended the connection.
  asio::awaitable<std::optional<Response>> Forward(const Request& request) {
    for (int attempt = 0; attempt < 2; ++attempt) {
      const bool reused = server_.is_open();
      if (!reused) {
        from_server_.clear();
        if (auto [error] = co_await server_.async_connect(proxy_.upstream, kToken); error) {
          server_.close();
          co_return S3Error(request, 502, "BadGateway");
        }
        server_.set_option(tcp::no_delay(true));
      }
      bool nothing_came = true;
      if (auto [error, size] = co_await http::async_write(server_, request, kToken); !error) {
        std::optional<Response> response = co_await ReadResponse(request, nothing_came);
        if (response) {
          if (!response->keep_alive()) server_.close();
          co_return response;
        }
      }
      server_.close();
      if (!reused || !nothing_came) break;  // else the server had ended an idle connection
    }
    proxy_.Count("server_gone");
    co_return std::nullopt;
  }

  asio::awaitable<std::optional<Response>> ReadResponse(const Request& request, bool& nothing_came) {
    while (true) {
      http::response_parser<http::string_body> parser;
      parser.body_limit(boost::none);
      parser.header_limit(1 << 18);
      if (request.method() == http::verb::head) parser.skip(true);
      auto [error, size] = co_await http::async_read(server_, from_server_, parser, kToken);
      nothing_came = nothing_came && size == 0;
      if (error) co_return std::nullopt;
      if (parser.get().result_int() == 100) continue;
      co_return parser.release();
    }
  }

  tcp::socket client_, server_;
  Proxy& proxy_;
  boost::beast::flat_buffer from_client_, from_server_;
};

}  // namespace

asio::awaitable<void> Serve(tcp::socket client, Proxy& proxy) {
  client.set_option(tcp::no_delay(true));
  Session session(std::move(client), proxy);
  co_await session.Run();
}

}  // namespace rtl::proxy
