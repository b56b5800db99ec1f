#include "aws/caller.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <utility>

#include "aws/concurrency_limit.h"

namespace rtl::aws {

using std::chrono::milliseconds;

struct Caller::State {
  explicit State(int max_concurrent) : concurrency(max_concurrent) {}
  ConcurrencyLimit concurrency;
  std::atomic<std::int64_t> measured_skew_ms{0};
  std::atomic<std::int64_t> signing_skew_ms{0};  // 0 until the service minded
};

namespace {

constexpr milliseconds kLongestSleep{100};  // between looks at the stop token

double RandomPart() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

// Time that passed, by a clock that may be set.
class Elapsed {
 public:
  explicit Elapsed(const Clock& clock) : clock_(clock), last_(clock.Now()) {}
  milliseconds Look() {
    const Timestamp now = clock_.Now();
    if (now > last_) total_ += now - last_;
    last_ = now;
    return std::chrono::floor<milliseconds>(total_);
  }

 private:
  const Clock& clock_;
  Timestamp last_;
  std::chrono::microseconds total_{0};
};

bool SleepUnlessStopped(const Clock& clock, milliseconds duration, const std::stop_token& stop) {
  for (; duration.count() > 0; duration -= kLongestSleep) {
    if (stop.stop_requested()) return false;
    clock.Sleep(std::min(duration, kLongestSleep));
  }
  return !stop.stop_requested();
}

std::string Describe(const Verdict& verdict, const http::Response& response) {
  std::string text = verdict.code;
  if (!verdict.message.empty()) text += (text.empty() ? "" : ": ") + verdict.message;
  text += fmt::format("{}(HTTP {}", text.empty() ? "" : " ", response.status);
  for (const char* name : {"x-amz-request-id", "x-amzn-requestid", "x-amzn-request-id"}) {
    if (const auto id = response.Header(name); !id.empty()) {
      text += fmt::format(", request {}", id);
      break;
    }
  }
  return text + ")";
}

void Redact(std::string& text, const std::string& secret) {
  constexpr std::size_t kShortest = 8;  // no secret of AWS is as short; a word of a message may be
  constexpr std::string_view kInstead = "[secret]";
  if (secret.size() < kShortest) return;
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kInstead.size())) {
    text.replace(at, secret.size(), kInstead);
  }
}

// An attempt that failed and what may follow.
struct Failure {
  Error error;
  enum class Next { kEnd, kAtOnce, kAfterPause } next = Next::kEnd;
  std::optional<milliseconds> retry_after = std::nullopt;
};

ErrorKind PassingKind(const Verdict& verdict) {  // a judge that names no kind means one that passes
  return verdict.kind == ErrorKind::kInternal ? ErrorKind::kUnavailable : verdict.kind;
}

Failure OfSending(Error error, bool repeatable) {
  switch (error.kind()) {
    case ErrorKind::kUnavailable:
      return {std::move(error), Failure::Next::kAfterPause};
    case ErrorKind::kBadConfig:
    case ErrorKind::kCancelled:
    case ErrorKind::kResourceExhausted:
      return {std::move(error)};
    default:
      break;
  }
  if (!repeatable) return {Error(ErrorKind::kCommitUnknown, error.message())};
  if (error.kind() != ErrorKind::kCommitUnknown) return {std::move(error)};
  // repeating does no harm, so not knowing is only a matter of time
  return {Error(ErrorKind::kUnavailable, error.message()), Failure::Next::kAfterPause};
}

}  // namespace

// One call: its attempts one after the other.
class Caller::Attempts {
 public:
  Attempts(Caller& caller, Call& call, std::stop_token stop)
      : caller_(caller),
        state_(*caller.state_),
        call_(call),
        stop_(std::move(stop)),
        elapsed_(caller.clock_) {}

  Result<http::Response> Run() {
    for (int attempt = 1;; ++attempt) {
      auto outcome = Once(attempt > 1);
      if (outcome) return std::move(*outcome);
      const Failure& failure = outcome.error();
      if (failure.next == Failure::Next::kEnd) return Fail(Finish(failure.error, ""));
      if (failure.next == Failure::Next::kAtOnce) continue;
      const milliseconds elapsed = elapsed_.Look();
      const auto pause =
          RetryPause(caller_.options_.retry, ++retries_, RandomPart(), failure.retry_after, elapsed);
      if (!pause) {
        return Fail(Finish(failure.error, fmt::format("; given up after {} attempt{} in {:.1f} s", attempt,
                                                      attempt == 1 ? "" : "s",
                                                      std::chrono::duration<double>(elapsed).count())));
      }
      if (!SleepUnlessStopped(caller_.clock_, *pause, stop_)) {
        return Fail(
            Finish(Error(ErrorKind::kCancelled, "stopped; before that: " + failure.error.message()), ""));
      }
    }
  }

 private:
  std::expected<http::Response, Failure> Once(bool is_retry) {
    auto credentials = caller_.credentials_->Get();
    if (!credentials) {
      const bool passes = credentials.error().kind() == ErrorKind::kUnavailable;
      return std::unexpected(
          Failure{std::move(credentials).error(), passes ? Failure::Next::kAfterPause : Failure::Next::kEnd});
    }
    used_ = std::move(*credentials);
    const std::uint64_t place = state_.concurrency.Enter(stop_);
    if (place == 0) return std::unexpected(Failure{Error(ErrorKind::kCancelled, "stopped")});

    http::Request request = call_.request;
    request.may_resend = call_.repeatable;
    Sign(request, used_, caller_.options_.scope,
         caller_.clock_.Now() + milliseconds(state_.signing_skew_ms.load()), call_.content_sha256);
    auto response = caller_.client_->Send(request, stop_);
    if (!response) {
      state_.concurrency.Leave(place, ConcurrencyLimit::Outcome::kOther);
      Count(0, is_retry, false);
      return std::unexpected(OfSending(std::move(response).error(), call_.repeatable));
    }
    NoteDate(*response);
    const Verdict verdict = call_.judge ? call_.judge(*response) : Verdict{};
    const bool throttled = verdict.next == Verdict::Next::kSlowDown;
    state_.concurrency.Leave(
        place, throttled ? ConcurrencyLimit::Outcome::kThrottled : ConcurrencyLimit::Outcome::kServed);
    Count(static_cast<std::int64_t>(response->body.size()), is_retry, throttled);
    if (verdict.next == Verdict::Next::kDone) return std::move(*response);
    return std::unexpected(OfVerdict(verdict, *response));
  }

  Failure OfVerdict(const Verdict& verdict, const http::Response& response) {
    const std::string text = Describe(verdict, response);
    switch (verdict.next) {
      case Verdict::Next::kDone:
      case Verdict::Next::kFail:
        break;
      case Verdict::Next::kRetry:
      case Verdict::Next::kSlowDown:
        if (!call_.repeatable && !verdict.certainly_nothing_done) {
          return {Error(ErrorKind::kCommitUnknown, text)};
        }
        return {Error(PassingKind(verdict), text), Failure::Next::kAfterPause,
                ParseRetryAfter(response.Header("retry-after"), caller_.clock_.Now())};
      case Verdict::Next::kCredentials:  // refused before anything was done
        caller_.credentials_->Invalidate(used_);
        if (!std::exchange(refreshed_, true)) return {Error(verdict.kind, text), Failure::Next::kAtOnce};
        break;
      case Verdict::Next::kClockSkew: {  // likewise
        const std::int64_t skew = state_.measured_skew_ms.load();
        state_.signing_skew_ms.store(skew);
        if (!std::exchange(clock_corrected_, true) && !response.Header("date").empty()) {
          return {Error(verdict.kind, text), Failure::Next::kAtOnce};
        }
        return {Error(verdict.kind, fmt::format("{}; this machine's clock is {} s away from the server's",
                                                text, std::abs(skew) / 1000))};
      }
    }
    return {Error(verdict.kind, text)};
  }

  void NoteDate(const http::Response& response) {
    const auto date = ParseHttpDate(response.Header("date"));
    if (!date) return;
    const auto skew = std::chrono::round<milliseconds>(*date - caller_.clock_.Now());
    state_.measured_skew_ms.store(std::abs(skew.count()) < 2'000 ? 0 : skew.count());
  }

  void Count(std::int64_t received, bool is_retry, bool throttled) {
    if (!caller_.counters_) return;
    caller_.counters_->Count(call_.kind, static_cast<std::int64_t>(call_.request.body.size()), received,
                             is_retry, throttled);
  }

  Error Finish(const Error& error, const std::string& tail) const {
    std::string text = fmt::format("{} {}: {}{}", call_.kind, call_.what, error.message(), tail);
    Redact(text, used_.secret_access_key);
    Redact(text, used_.session_token);
    return Error(error.kind(), std::move(text));
  }

  Caller& caller_;
  State& state_;
  Call& call_;
  const std::stop_token stop_;
  Elapsed elapsed_;
  Credentials used_;
  int retries_ = 0;
  bool refreshed_ = false;
  bool clock_corrected_ = false;
};

Caller::Caller(std::shared_ptr<http::Client> client, std::shared_ptr<CredentialsProvider> credentials,
               Options options, std::shared_ptr<RequestCounters> counters, const Clock& clock)
    : client_(std::move(client)),
      credentials_(std::move(credentials)),
      options_(std::move(options)),
      counters_(std::move(counters)),
      clock_(clock),
      state_(std::make_unique<State>(options_.max_concurrent)) {}

Caller::~Caller() = default;

Result<http::Response> Caller::Send(Call call, std::stop_token stop) {
  if (call.content_sha256.empty()) call.content_sha256 = Sha256Hex(call.request.body);
  return Attempts(*this, call, std::move(stop)).Run();
}

milliseconds Caller::clock_skew() const {
  return milliseconds(state_->measured_skew_ms.load());
}

int Caller::concurrency_limit() const {
  return state_->concurrency.limit();
}

}  // namespace rtl::aws
