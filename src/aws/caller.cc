#include "aws/caller.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <iomanip>
#include <locale>
#include <random>
#include <sstream>

namespace rtl::aws {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

// A server whose clock is further from ours than this refuses our signatures.
constexpr milliseconds kSkewWorthCorrecting{60'000};
constexpr milliseconds kLongestRetryAfter{60'000};

std::optional<Timestamp> HttpDate(std::string_view text) {
  std::istringstream in{std::string(text)};
  in.imbue(std::locale::classic());
  std::tm parts{};
  in >> std::get_time(&parts, "%a, %d %b %Y %H:%M:%S");
  if (in.fail()) return std::nullopt;
  return Timestamp(std::chrono::seconds(timegm(&parts)));
}

milliseconds RetryAfter(const http::Response& response) {
  std::int64_t seconds = 0;
  for (const char c : response.Header("Retry-After")) {
    if (c < '0' || c > '9' || seconds > 1'000) return milliseconds(0);
    seconds = seconds * 10 + (c - '0');
  }
  return std::min(milliseconds(seconds * 1'000), kLongestRetryAfter);
}

std::string RequestId(const http::Response& response) {
  for (const std::string_view name : {"x-amz-request-id", "x-amzn-RequestId", "x-amzn-requestid"}) {
    if (const auto id = response.Header(name); !id.empty()) return fmt::format(" (request {})", id);
  }
  return {};
}

}  // namespace

void RequestCounters::Count(std::string_view kind, std::int64_t sent, std::int64_t received, bool is_retry,
                            bool throttled) {
  const std::lock_guard lock(mutex_);
  ++totals_.requests[std::string(kind)];
  totals_.retries += is_retry ? 1 : 0;
  totals_.throttled += throttled ? 1 : 0;
  totals_.bytes_sent += sent;
  totals_.bytes_received += received;
}

RequestCounters::Totals RequestCounters::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

// How many requests may be under way, and the server's clock.
struct Caller::State {
  explicit State(int most_at_once) : most(most_at_once), allowed(most_at_once) {}

  const double most;
  std::mutex mutex;
  std::condition_variable_any changed;
  double allowed;  // halved when throttled, grown by one a window of successes
  int under_way = 0;
  Steady::time_point last_cut;
  std::mt19937_64 random{std::random_device{}()};
  milliseconds skew{0};

  bool Enter(const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    if (!changed.wait(lock, stop, [&] { return under_way < static_cast<int>(allowed); })) return false;
    ++under_way;
    return true;
  }
  void Leave(bool throttled) {
    {
      const std::lock_guard lock(mutex);
      --under_way;
      const auto now = Steady::now();
      if (throttled && now - last_cut > std::chrono::milliseconds(500)) {  // once for all that were under way
        allowed = std::max(1.0, allowed / 2);
        last_cut = now;
      } else if (!throttled) {
        allowed = std::min(most, allowed + 1 / allowed);
      }
    }
    changed.notify_all();
  }
  milliseconds Jitter(milliseconds most_of) {
    const std::lock_guard lock(mutex);
    return milliseconds(std::uniform_int_distribution<std::int64_t>(0, most_of.count())(random));
  }
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

milliseconds Caller::clock_skew() const {
  const std::lock_guard lock(state_->mutex);
  return state_->skew;
}

Result<http::Response> Caller::Send(Call call, std::stop_token stop) {
  const auto started = Steady::now();
  milliseconds pause = options_.retry.first_pause;
  bool refreshed = false;
  bool corrected = false;
  for (int attempt = 1;; ++attempt) {
    RTL_TRY(const Credentials credentials, credentials_->Get());
    http::Request request = call.request;
    request.may_resend = call.repeatable;
    Sign(request, credentials, options_.scope, clock_.Now() + clock_skew(), call.content_sha256);
    if (!state_->Enter(stop)) return Fail(ErrorKind::kCancelled, call.what + ": stopped");
    auto response = client_->Send(request, stop);
    Verdict verdict;
    if (response) {
      verdict = call.judge(*response);
    } else {
      verdict.kind = response.error().kind();
      verdict.message = response.error().message();
      const bool passing = verdict.kind == ErrorKind::kUnavailable || verdict.kind == ErrorKind::kCommitUnknown;
      verdict.next = passing ? Verdict::Next::kRetry : Verdict::Next::kFail;
      verdict.certainly_nothing_done = verdict.kind == ErrorKind::kUnavailable;
    }
    const bool throttled = verdict.next == Verdict::Next::kSlowDown;
    state_->Leave(throttled);
    counters_->Count(call.kind, static_cast<std::int64_t>(request.body.size()),
                     response ? static_cast<std::int64_t>(response->body.size()) : 0, attempt > 1, throttled);

    // What ends the call, with everything that is known of it.
    const auto fail = [&](ErrorKind kind, std::string_view why) {
      const auto tried = std::chrono::duration_cast<milliseconds>(Steady::now() - started);
      const std::string times =
          attempt > 1 ? fmt::format("; tried {} times in {} ms", attempt, tried.count()) : std::string();
      const std::string code = verdict.code.empty() ? std::string() : verdict.code + ": ";
      return Fail(kind, fmt::format("{}: {}: {}{}{}{}{}", call.kind, call.what, code, verdict.message,
                                    response ? RequestId(*response) : std::string(), times, why));
    };
    const bool is_definite = verdict.next == Verdict::Next::kDone || verdict.next == Verdict::Next::kFail ||
                             verdict.certainly_nothing_done;
    if (!call.repeatable && !is_definite) {
      return fail(ErrorKind::kCommitUnknown, "; whether it was carried out is not known");
    }
    if (verdict.next == Verdict::Next::kDone) return response;
    if (verdict.next == Verdict::Next::kFail) {
      const bool unknown = verdict.kind == ErrorKind::kCommitUnknown && call.repeatable;
      return fail(unknown ? ErrorKind::kUnavailable : verdict.kind, "");
    }

    if (verdict.next == Verdict::Next::kCredentials) {
      if (refreshed) return fail(verdict.kind, "");
      refreshed = true;
      credentials_->Invalidate(credentials);
      continue;
    }
    if (verdict.next == Verdict::Next::kClockSkew) {
      const auto theirs = response ? HttpDate(response->Header("Date")) : std::nullopt;
      if (corrected || !theirs) return fail(verdict.kind, "");
      corrected = true;
      const auto skew = std::chrono::duration_cast<milliseconds>(*theirs - clock_.Now());
      const std::lock_guard lock(state_->mutex);
      state_->skew = std::chrono::abs(skew) > kSkewWorthCorrecting ? skew : milliseconds(0);
      continue;
    }
    milliseconds wait = state_->Jitter(pause);
    if (response) wait = std::max(wait, RetryAfter(*response));
    pause = std::min(pause * 2, options_.retry.longest_pause);
    const auto spent = std::chrono::duration_cast<milliseconds>(Steady::now() - started);
    if (spent + wait > options_.retry.budget) {
      return fail(verdict.kind == ErrorKind::kCommitUnknown ? ErrorKind::kUnavailable : verdict.kind, "");
    }
    // In short pieces: a stop does not wait for a long pause.
    while (wait.count() > 0) {
      if (stop.stop_requested()) return Fail(ErrorKind::kCancelled, call.what + ": stopped");
      const milliseconds piece = std::min(wait, milliseconds(100));
      clock_.Sleep(piece);
      wait -= piece;
    }
  }
}

}  // namespace rtl::aws
