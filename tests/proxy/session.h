// One connection of a client and its own connection to the server behind. All on one thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <map>
#include <random>
#include <string>

#include "faults.h"

namespace rtl::proxy {

// What all sessions share.
struct Proxy {
  boost::asio::ip::tcp::endpoint upstream;
  Settings settings;
  std::mt19937_64 random;
  std::map<std::string, int64_t, std::less<>> counters;  // "GET", ..., names of faults, "scripted", bytes
  int64_t in_flight = 0;

  void Count(std::string_view name, int64_t by = 1) { counters[std::string(name)] += by; }
};

// Serves requests until either side ends the connection or a fault does.
boost::asio::awaitable<void> Serve(boost::asio::ip::tcp::socket client, Proxy& proxy);

}  // namespace rtl::proxy
