// What the proxy does to a request: decided here, done in session.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace rtl::proxy {

enum class Fault {
  kNone,
  kCutBefore,    // the connection ends, nothing was forwarded
  kSlowDown,     // 503 SlowDown, nothing was forwarded
  kErrorBefore,  // 500 InternalError, nothing was forwarded
  kConflict,     // 409 ConditionalRequestConflict, nothing was forwarded; conditional PUT and POST alone
  kReplyLost,    // forwarded and answered, the connection ends without the answer
  kReplyCut,     // ... in the middle of the answer
  kErrorAfter,   // ... 500 in place of the answer
};

// An answer for requests whose target contains a text, in place of the server's. It goes before all faults.
struct Scripted {
  std::string contains;
  std::string method;  // empty: any
  unsigned status = 403;
  std::string code = "AccessDenied";
  std::string body;    // empty: an S3 error with `code`
  int64_t times = -1;  // how often yet; -1 is always
};

struct Settings {
  std::map<std::string, double, std::less<>> probability;  // by NameOf(Fault), and "extra_delay"; absent is 0
  std::chrono::milliseconds delay{0};                      // of every request
  std::chrono::milliseconds extra_delay{
      50};  // upper end of the random delay, with the probability "extra_delay"
  std::vector<Scripted> scripted;
};

struct RequestLine {
  std::string_view method, target;
  bool conditional = false;  // has If-Match or If-None-Match
};

struct Decision {
  Fault fault = Fault::kNone;
  std::chrono::milliseconds delay{0};
};

std::string_view NameOf(Fault fault);  // "cut_before", ...

Decision Decide(const Settings& settings, const RequestLine& request, std::mt19937_64& random);

// The scripted answer, counted as given.
std::optional<Scripted> TakeScripted(Settings& settings, const RequestLine& request);

// GET, HEAD, PUT, LIST, DELETE or POST of a path-style S3 request.
std::string_view KindOf(const RequestLine& request);

// Changes one setting: a probability by its name, delay_ms, extra_delay_ms. False when there is no such
// setting.
bool Set(Settings& settings, std::string_view name, std::string_view value);

std::string PercentDecoded(std::string_view text);
std::map<std::string, std::string, std::less<>> QueryOf(std::string_view target);

}  // namespace rtl::proxy
