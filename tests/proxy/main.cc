// rtl_s3_proxy: stands before an S3 server and makes its network and its load what they sometimes are. Test
// code.
//   rtl_s3_proxy --listen 127.0.0.1:9000 --upstream 127.0.0.1:7070 [--seed N] [--delay-ms N] [--slow_down 0.1
//   ...]
// Options after the first two are those of /__proxy__/set (control.h).
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>

#include "control.h"
#include "session.h"

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

tcp::endpoint EndpointOf(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) throw std::invalid_argument("HOST:PORT expected: " + text);
  return {asio::ip::make_address(text.substr(0, colon)),
          static_cast<uint16_t>(std::stoul(text.substr(colon + 1)))};
}

asio::awaitable<void> Accept(tcp::acceptor& acceptor, rtl::proxy::Proxy& proxy) {
  while (true) {
    tcp::socket client = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(acceptor.get_executor(), rtl::proxy::Serve(std::move(client), proxy), asio::detached);
  }
}

int Run(int count, char** arguments) {
  std::string listen = "127.0.0.1:0", upstream, settings = "/__proxy__/set?";
  for (int i = 1; i + 1 < count; i += 2) {
    std::string name = arguments[i];
    name.erase(0, name.find_first_not_of('-'));
    if (name == "listen")
      listen = arguments[i + 1];
    else if (name == "upstream")
      upstream = arguments[i + 1];
    else
      settings += (name == "delay-ms" ? "delay_ms" : name) + "=" + arguments[i + 1] + "&";
  }
  rtl::proxy::Proxy proxy{.upstream = EndpointOf(upstream), .settings = {}, .random = {}, .counters = {}};
  if (Control(proxy, {.method = "GET", .target = settings})->empty()) {
    std::fprintf(stderr, "rtl_s3_proxy: an option makes no sense: %s\n", settings.c_str());
    return 2;
  }
  asio::io_context context(1);
  tcp::acceptor acceptor(context, EndpointOf(listen));
  std::printf("%u\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  asio::co_spawn(context, Accept(acceptor, proxy), asio::detached);
  context.run();
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return Run(count, arguments);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "rtl_s3_proxy: %s\n", e.what());
    return 1;
  }
}
