#include "control.h"

#include <charconv>

namespace rtl::proxy {
namespace {

constexpr std::string_view kPrefix = "/__proxy__/";

bool Number(std::string_view text, auto& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

bool AddScripted(Settings& settings, std::string_view target) {
  Scripted scripted;
  for (const auto& [name, value] : QueryOf(target)) {
    bool good = true;
    if (name == "contains")
      scripted.contains = value;
    else if (name == "method")
      scripted.method = value;
    else if (name == "code")
      scripted.code = value;
    else if (name == "body")
      scripted.body = value;
    else if (name == "status")
      good = Number(value, scripted.status) && scripted.status >= 200 && scripted.status < 600;
    else if (name == "times")
      good = Number(value, scripted.times);
    else
      good = false;
    if (!good) return false;
  }
  settings.scripted.push_back(std::move(scripted));
  return true;
}

bool SetAll(Proxy& proxy, std::string_view target) {
  for (const auto& [name, value] : QueryOf(target)) {
    uint64_t seed = 0;
    if (name == "seed" && Number(value, seed))
      proxy.random.seed(seed);
    else if (!Set(proxy.settings, name, value))
      return false;
  }
  return true;
}

std::string Counters(const Proxy& proxy) {
  std::string out = "{";
  for (const auto& [name, count] : proxy.counters) {
    if (out.size() > 1) out += ", ";
    out += '"' + name + "\": " + std::to_string(count);
  }
  return out + "}\n";
}

}  // namespace

std::optional<std::string> Control(Proxy& proxy, const RequestLine& request) {
  if (!request.target.starts_with(kPrefix)) return std::nullopt;
  const std::string_view path = request.target.substr(kPrefix.size());
  const std::string_view name = path.substr(0, path.find('?'));
  if (name == "counters") return Counters(proxy);
  bool good = true;
  if (name == "reset")
    proxy.counters.clear();
  else if (name == "clear")
    proxy.settings = {};
  else if (name == "set")
    good = SetAll(proxy, path);
  else if (name == "script")
    good = AddScripted(proxy.settings, path);
  else
    good = false;
  return good ? "{}\n" : "";
}

}  // namespace rtl::proxy
