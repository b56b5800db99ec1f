#include "faults.h"

#include <array>
#include <charconv>

namespace rtl::proxy {
namespace {

struct Named {
  Fault fault;
  std::string_view name;
};
constexpr std::array<Named, 7> kNames{{{Fault::kCutBefore, "cut_before"},
                                       {Fault::kSlowDown, "slow_down"},
                                       {Fault::kErrorBefore, "error_before"},
                                       {Fault::kConflict, "conflict"},
                                       {Fault::kReplyLost, "reply_lost"},
                                       {Fault::kReplyCut, "reply_cut"},
                                       {Fault::kErrorAfter, "error_after"}}};
constexpr std::string_view kExtraDelay = "extra_delay";

template <typename Number>
bool Parse(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

double Probability(const Settings& settings, std::string_view name) {
  const auto found = settings.probability.find(name);
  return found == settings.probability.end() ? 0 : found->second;
}

}  // namespace

std::string_view NameOf(Fault fault) {
  for (const Named& named : kNames) {
    if (named.fault == fault) return named.name;
  }
  return "none";
}

Decision Decide(const Settings& settings, const RequestLine& request, std::mt19937_64& random) {
  std::uniform_real_distribution<double> unit(0, 1);
  // always the same number of draws: a run is repeatable by its seed as long as the requests are
  double at = unit(random);
  const double delayed = unit(random), share = unit(random);
  Decision out{.fault = Fault::kNone, .delay = settings.delay};
  if (delayed < Probability(settings, kExtraDelay)) {
    out.delay += std::chrono::milliseconds(
        static_cast<int64_t>(share * static_cast<double>(settings.extra_delay.count())));
  }
  for (const Named& named : kNames) {
    at -= Probability(settings, named.name);
    if (at >= 0) continue;
    const bool fits = named.fault != Fault::kConflict ||
                      (request.conditional && (request.method == "PUT" || request.method == "POST"));
    out.fault = fits ? named.fault : Fault::kNone;
    break;
  }
  return out;
}

std::optional<Scripted> TakeScripted(Settings& settings, const RequestLine& request) {
  for (Scripted& scripted : settings.scripted) {
    if (scripted.times == 0 || request.target.find(scripted.contains) == std::string_view::npos) continue;
    if (!scripted.method.empty() && scripted.method != request.method) continue;
    if (scripted.times > 0) --scripted.times;
    return scripted;
  }
  return std::nullopt;
}

std::string_view KindOf(const RequestLine& request) {
  if (request.method != "GET") return request.method;
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  const size_t bucket_end = path.find('/', 1);
  return bucket_end == std::string_view::npos || bucket_end + 1 == path.size() ? "LIST" : "GET";
}

bool Set(Settings& settings, std::string_view name, std::string_view value) {
  if (name == "delay_ms" || name == "extra_delay_ms") {
    int64_t milliseconds = 0;
    if (!Parse(value, milliseconds) || milliseconds < 0) return false;
    (name == "delay_ms" ? settings.delay : settings.extra_delay) = std::chrono::milliseconds(milliseconds);
    return true;
  }
  bool known = name == kExtraDelay;
  for (const Named& named : kNames) known |= named.name == name;
  double probability = 0;
  if (!known || !Parse(value, probability) || probability < 0 || probability > 1) return false;
  settings.probability[std::string(name)] = probability;
  return true;
}

std::string PercentDecoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::map<std::string, std::string, std::less<>> QueryOf(std::string_view target) {
  std::map<std::string, std::string, std::less<>> out;
  const size_t mark = target.find('?');
  if (mark == std::string_view::npos) return out;
  target.remove_prefix(mark + 1);
  while (!target.empty()) {
    const std::string_view pair = target.substr(0, target.find('&'));
    target.remove_prefix(std::min(target.size(), pair.size() + 1));
    const size_t equals = pair.find('=');
    out[PercentDecoded(pair.substr(0, equals))] =
        equals == std::string_view::npos ? "" : PercentDecoded(pair.substr(equals + 1));
  }
  return out;
}

}  // namespace rtl::proxy
