// Sends requests to one AWS service: signs, retries with full jitter inside a total budget, refreshes expired
// credentials, corrects a skewed clock, lowers concurrency when throttled, counts. What an answer means is
// the service's to say (`judge`).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "aws/retry_pause.h"
#include "aws/sign.h"
#include "core/error.h"
#include "http/client.h"

namespace rtl::aws {

// What a service's answer comes to.
struct Verdict {
  enum class Next {
    kDone,         // a value for the caller, whatever its status
    kFail,         // an error for the caller
    kRetry,        // passing: 500, 502, 504, a 200 with an error in its body
    kSlowDown,     // throttled: retried, with fewer requests at once from now on
    kCredentials,  // expired or unknown token: refreshed, then once more
    kClockSkew,    // the server's Date is far from ours: signed anew with its time
  };
  Next next = Next::kDone;
  ErrorKind kind = ErrorKind::kInternal;  // when it is, or stays, an error
  // With kRetry and kSlowDown: the service says that it did not act (409 ConditionalRequestConflict), so that
  // also what must not be carried out twice may be sent again. Without it such an answer to a call that is
  // not repeatable ends in kCommitUnknown: AWS nowhere promises that a 5xx had no effect.
  bool certainly_nothing_done = false;
  std::string code;     // the service's, "SlowDown"; empty: none
  std::string message;  // for people, without context
};

// Counters of requests, shared by all callers of a process. Threads: any.
class RequestCounters {
 public:
  struct Totals {
    std::map<std::string, std::int64_t>
        requests;  // by kind ("GET", "PUT", "LIST", "SQS Receive"); every attempt
    std::int64_t retries = 0;
    std::int64_t throttled = 0;
    std::int64_t bytes_sent = 0;      // bodies
    std::int64_t bytes_received = 0;  // bodies
  };
  void Count(std::string_view kind, std::int64_t sent, std::int64_t received, bool is_retry, bool throttled);
  Totals totals() const;

 private:
  mutable std::mutex mutex_;
  Totals totals_;
};

struct Call {
  std::string kind;  // for counters and messages
  std::string what;  // for messages: "s3://bucket/key"
  http::Request request;
  std::string content_sha256;  // as Sign() takes it
  // May the request be repeated though an earlier attempt may have been carried out? False: a conditional
  // put. Then an attempt whose outcome is not known ends the call at once with kCommitUnknown, so that an
  // answer of "precondition failed" is always about somebody else's object. Sent again are only attempts that
  // certainly reached nobody, were refused for their signature or token, or that `judge` calls undone.
  bool repeatable = true;
  std::function<Verdict(const http::Response&)> judge;
};

class Caller {
 public:
  struct Options {
    SignScope scope;
    RetryPolicy retry;
    int max_concurrent = 256;  // at most this many requests at once; fewer after kSlowDown, slowly back up
  };
  Caller(std::shared_ptr<http::Client> client, std::shared_ptr<CredentialsProvider> credentials,
         Options options, std::shared_ptr<RequestCounters> counters, const Clock& clock = SystemClock());
  ~Caller();

  // The answer that `judge` called done. Errors: the verdict's kind, or the client's; after the budget with
  // how often and how long it was tried. The message has call.what, the service's code and its request id;
  // never a secret key or a session token.
  Result<http::Response> Send(Call call, std::stop_token stop = {});

  CredentialsProvider& credentials() { return *credentials_; }
  // The server's time minus ours by its last answer's Date (whole seconds; includes the way back).
  std::chrono::milliseconds clock_skew() const;
  int concurrency_limit() const;  // requests that may be under way at once, now

 private:
  struct State;
  class Attempts;
  std::shared_ptr<http::Client> client_;
  std::shared_ptr<CredentialsProvider> credentials_;
  Options options_;
  std::shared_ptr<RequestCounters> counters_;
  const Clock& clock_;
  std::unique_ptr<State> state_;
};

}  // namespace rtl::aws
