#include "aws/caller.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>
#include <thread>

#include "aws/concurrency_limit.h"

namespace rtl::aws {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Next = Verdict::Next;

const Timestamp kStart = std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + 12h;

// Sleeping moves it on.
class TestingClock final : public Clock {
 public:
  Timestamp Now() const override { return now; }
  void Sleep(milliseconds duration) const override {
    now += duration;
    slept += duration;
    if (on_sleep) on_sleep();
  }
  mutable Timestamp now = kStart;
  mutable milliseconds slept{0};
  std::function<void()> on_sleep;
};

// Answers from a script; the last one for ever.
class ScriptedClient final : public http::Client {
 public:
  using Answer = Result<http::Response>;
  explicit ScriptedClient(std::deque<Answer> script) : script_(std::move(script)) {}
  Result<http::Response> Send(const http::Request& request, std::stop_token) override {
    requests.push_back(request);
    Answer answer = script_.front();
    if (script_.size() > 1) script_.pop_front();
    return answer;
  }
  std::vector<http::Request> requests;

 private:
  std::deque<Answer> script_;
};

class CountingCredentials final : public CredentialsProvider {
 public:
  Result<Credentials> Get() override {
    if (failures-- > 0) return Fail(failure);
    return Credentials{.access_key_id = "AKID" + std::to_string(invalidated),
                       .secret_access_key = "the+secret+key",
                       .session_token = "the+session+token"};
  }
  void Invalidate(const Credentials& refused) override {
    EXPECT_EQ(refused.access_key_id, "AKID" + std::to_string(invalidated));
    ++invalidated;
  }
  int invalidated = 0;
  int failures = 0;
  Error failure{ErrorKind::kUnavailable, "metadata service"};
};

http::Response Answer(int status, std::string body = "", std::vector<http::Header> headers = {}) {
  headers.push_back({"x-amz-request-id", "REQ1"});
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

// The body says what is to be done: "retry", "slow", "token", "skew", "again" (certainly nothing done).
Verdict Judge(const http::Response& response) {
  const std::string& body = response.body;
  Verdict verdict{.kind = ErrorKind::kUnavailable, .code = body, .message = "said the service"};
  if (body == "retry") verdict.next = Next::kRetry;
  if (body == "slow") verdict.next = Next::kSlowDown;
  if (body == "again") {
    verdict.next = Next::kRetry;
    verdict.certainly_nothing_done = true;
  }
  verdict.kind = body == "token" || body == "skew" ? ErrorKind::kPermissionDenied : verdict.kind;
  if (body == "token") verdict.next = Next::kCredentials;
  if (body == "skew") verdict.next = Next::kClockSkew;
  if (body == "lost")
    verdict = {.next = Next::kFail, .kind = ErrorKind::kConflict, .code = "PreconditionFailed"};
  return verdict;
}

class CallerTest : public testing::Test {
 protected:
  Result<http::Response> Send(std::deque<ScriptedClient::Answer> script, bool repeatable = true,
                              std::stop_token stop = {}) {
    client = std::make_shared<ScriptedClient>(std::move(script));
    caller = std::make_unique<Caller>(
        client, credentials, Caller::Options{.scope = {.region = "eu-1", .service = "s3"}}, counters, clock);
    return caller->Send({.kind = "PUT",
                         .what = "s3://b/k",
                         .request = {.method = "PUT", .url = "https://b.example/k", .body = "12345"},
                         .repeatable = repeatable,
                         .judge = Judge},
                        std::move(stop));
  }

  TestingClock clock;
  std::shared_ptr<ScriptedClient> client;
  std::shared_ptr<CountingCredentials> credentials = std::make_shared<CountingCredentials>();
  std::shared_ptr<RequestCounters> counters = std::make_shared<RequestCounters>();
  std::unique_ptr<Caller> caller;
};

TEST_F(CallerTest, SignsAndCounts) {
  const auto response = Send({Answer(200, "fine")});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "fine");
  ASSERT_EQ(client->requests.size(), 1U);
  EXPECT_TRUE(client->requests[0].may_resend);
  EXPECT_TRUE(client->requests[0].headers.back().value.starts_with(
      "AWS4-HMAC-SHA256 Credential=AKID0/20260131/eu-1/"));
  const auto totals = counters->totals();
  EXPECT_EQ(totals.requests.at("PUT"), 1);
  EXPECT_EQ(totals.bytes_sent, 5);
  EXPECT_EQ(totals.bytes_received, 4);
  EXPECT_EQ(totals.retries, 0);
}

TEST_F(CallerTest, PassingFaultsAreRetried) {
  const auto response = Send({Answer(500, "retry"), Fail(ErrorKind::kUnavailable, "no name"),
                              Fail(ErrorKind::kCommitUnknown, "reset"), Answer(200, "fine")});
  ASSERT_TRUE(response);
  EXPECT_EQ(counters->totals().requests.at("PUT"), 4);
  EXPECT_EQ(counters->totals().retries, 3);
  EXPECT_LE(clock.slept, 50ms + 100ms + 200ms);
}

TEST_F(CallerTest, GivesUpAfterTheBudget) {
  const auto response = Send({Answer(500, "retry")});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind(), ErrorKind::kUnavailable);
  EXPECT_LE(clock.slept, 120s);
  EXPECT_GT(clock.slept, 60s);
  const std::string& message = response.error().message();
  EXPECT_TRUE(
      message.starts_with("PUT s3://b/k: retry: said the service (HTTP 500, request REQ1); given up after "))
      << message;
}

TEST_F(CallerTest, LastingFaultsAreNot) {
  for (const ErrorKind kind : {ErrorKind::kBadConfig, ErrorKind::kBadData, ErrorKind::kCancelled}) {
    const auto response = Send({Fail(kind, "no")});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind(), kind);
    EXPECT_EQ(client->requests.size(), 1U);
  }
  EXPECT_EQ(Send({Answer(412, "lost")}).error().kind(), ErrorKind::kConflict);
}

TEST_F(CallerTest, RepeatableCallsNeverEndUnknown) {
  const auto response = Send({Fail(ErrorKind::kCommitUnknown, "reset")});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind(), ErrorKind::kUnavailable);
}

TEST_F(CallerTest, UnknownOutcomeOfAConditionalPutEndsTheCall) {
  for (const auto& answer :
       {ScriptedClient::Answer(Answer(500, "retry")), ScriptedClient::Answer(Answer(503, "slow")),
        ScriptedClient::Answer(Fail(ErrorKind::kCommitUnknown, "reset")),
        ScriptedClient::Answer(Fail(ErrorKind::kBadData, "no HTTP"))}) {
    const auto response = Send({answer, Answer(412, "lost")}, false);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind(), ErrorKind::kCommitUnknown);
    EXPECT_EQ(client->requests.size(), 1U);
    EXPECT_FALSE(client->requests[0].may_resend);
  }
}

TEST_F(CallerTest, WhatCertainlyDidNothingIsSentAgain) {
  const auto response =
      Send({Fail(ErrorKind::kUnavailable, "refused"), Answer(409, "again"), Answer(403, "token"),
            Answer(403, "skew", {{"Date", "Sat, 31 Jan 2026 13:00:00 GMT"}}), Answer(200, "fine")},
           false);
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(client->requests.size(), 5U);
}

TEST_F(CallerTest, CredentialsAreRefreshedOnce) {
  ASSERT_TRUE(Send({Answer(400, "token"), Answer(200)}));
  EXPECT_EQ(credentials->invalidated, 1);
  EXPECT_NE(client->requests[1].headers.back().value.find("AKID1"), std::string::npos);
  EXPECT_EQ(clock.slept, 0ms);

  const auto again = Send({Answer(400, "token")});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind(), ErrorKind::kPermissionDenied);
  EXPECT_EQ(client->requests.size(), 2U);
}

TEST_F(CallerTest, CredentialsThatAreNotThere) {
  credentials->failures = 2;
  EXPECT_TRUE(Send({Answer(200)}));
  credentials->failures = 1;
  credentials->failure = Error(ErrorKind::kBadConfig, "none anywhere");
  const auto response = Send({Answer(200)});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind(), ErrorKind::kBadConfig);
  EXPECT_TRUE(client->requests.empty());
}

TEST_F(CallerTest, SkewedClockIsCorrectedByTheServersDate) {
  ASSERT_TRUE(Send({Answer(403, "skew", {{"Date", "Sat, 31 Jan 2026 14:00:00 GMT"}}), Answer(200)}));
  const auto date = [&](std::size_t at) {
    for (const auto& header : client->requests[at].headers) {
      if (header.name == "X-Amz-Date") return header.value;
    }
    return std::string();
  };
  EXPECT_EQ(date(0), "20260131T120000Z");
  EXPECT_EQ(date(1), "20260131T140000Z");
  EXPECT_EQ(caller->clock_skew(), 2h);

  const auto lasting = Send({Answer(403, "skew", {{"Date", "Sat, 31 Jan 2026 10:00:00 GMT"}})});
  ASSERT_FALSE(lasting);
  EXPECT_EQ(lasting.error().kind(), ErrorKind::kPermissionDenied);
  EXPECT_NE(lasting.error().message().find("7200 s away"), std::string::npos) << lasting.error().message();
  EXPECT_EQ(client->requests.size(), 2U);
}

TEST_F(CallerTest, RetryAfterIsHonoured) {
  ASSERT_TRUE(Send({Answer(503, "slow", {{"Retry-After", "7"}}), Answer(200)}));
  EXPECT_EQ(clock.slept, 7s);
  EXPECT_EQ(counters->totals().throttled, 1);

  // longer than the budget: no use to wait
  clock.slept = 0ms;
  EXPECT_FALSE(Send({Answer(503, "slow", {{"Retry-After", "3600"}}), Answer(200)}));
  EXPECT_EQ(clock.slept, 0ms);
}

TEST_F(CallerTest, StopEndsAPause) {
  std::stop_source stop;
  clock.on_sleep = [&] { stop.request_stop(); };
  const auto response = Send({Answer(503, "slow", {{"Retry-After", "60"}})}, true, stop.get_token());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind(), ErrorKind::kCancelled);
  EXPECT_LE(clock.slept, 100ms);
}

TEST_F(CallerTest, NoSecretInAnyMessage) {
  const std::string leak = "key the+secret+key token the+session+token";
  credentials->failures = 0;
  for (const auto& answer :
       {ScriptedClient::Answer(Answer(500, "retry")), ScriptedClient::Answer(Answer(400, "token")),
        ScriptedClient::Answer(Answer(403, "skew")), ScriptedClient::Answer(Answer(412, "lost")),
        ScriptedClient::Answer(Fail(ErrorKind::kUnavailable, leak)),
        ScriptedClient::Answer(Fail(ErrorKind::kBadConfig, leak)),
        ScriptedClient::Answer(Answer(418, leak))}) {
    client = std::make_shared<ScriptedClient>(std::deque{answer});
    Caller leaking(client, credentials, {}, counters, clock);
    const auto response =
        leaking.Send({.kind = "PUT", .what = "s3://b/k", .judge = [](const http::Response& answered) {
                        Verdict verdict = Judge(answered);
                        if (answered.status == 418) verdict.next = Next::kFail;
                        verdict.message += answered.body;
                        return verdict;
                      }});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().message().find("the+secret+key"), std::string::npos)
        << response.error().message();
    EXPECT_EQ(response.error().message().find("the+session+token"), std::string::npos)
        << response.error().message();
  }
}

TEST(ConcurrencyLimit, HalvesOnceForAllThatWereUnderWay) {
  ConcurrencyLimit limit(100);
  std::vector<std::uint64_t> places;
  for (int i = 0; i < 16; ++i) places.push_back(limit.Enter({}));
  for (const auto place : places) limit.Leave(place, ConcurrencyLimit::Outcome::kThrottled);
  EXPECT_EQ(limit.limit(), 8);  // half of what was under way
  const auto place = limit.Enter({});
  limit.Leave(place, ConcurrencyLimit::Outcome::kThrottled);
  EXPECT_EQ(limit.limit(), 1);  // one alone was too much: never below one
}

TEST(ConcurrencyLimit, GrowsByOneARound) {
  ConcurrencyLimit limit(20);
  std::vector<std::uint64_t> places;
  for (int i = 0; i < 20; ++i) places.push_back(limit.Enter({}));
  for (const auto place : places) limit.Leave(place, ConcurrencyLimit::Outcome::kThrottled);
  ASSERT_EQ(limit.limit(), 10);
  for (int i = 0; i < 11; ++i) limit.Leave(limit.Enter({}), ConcurrencyLimit::Outcome::kServed);
  EXPECT_EQ(limit.limit(), 11);
  for (int i = 0; i < 1000; ++i) limit.Leave(limit.Enter({}), ConcurrencyLimit::Outcome::kServed);
  EXPECT_EQ(limit.limit(), 20);
}

TEST(ConcurrencyLimit, WaitsForAPlaceOrAStop) {
  ConcurrencyLimit limit(1);
  const auto first = limit.Enter({});
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(limit.Enter(stop.get_token()), 0U);
  std::uint64_t second = 0;
  std::jthread waiting([&] { second = limit.Enter({}); });
  limit.Leave(first, ConcurrencyLimit::Outcome::kOther);
  waiting.join();
  EXPECT_GT(second, first);
}

TEST(RetryPause, FullJitterThatDoubles) {
  const RetryPolicy policy{.first_pause = 50ms, .longest_pause = 300ms, .budget = 10s};
  const auto most = [&](int retry) { return RetryPause(policy, retry, 0.999'999, std::nullopt, 0ms); };
  EXPECT_EQ(RetryPause(policy, 5, 0.0, std::nullopt, 0ms), 0ms);
  EXPECT_EQ(most(1), 50ms);
  EXPECT_EQ(most(2), 100ms);
  EXPECT_EQ(most(3), 200ms);
  EXPECT_EQ(most(4), 300ms);
  EXPECT_EQ(most(4000), 300ms);
  EXPECT_EQ(RetryPause(policy, 1, 0.5, 2s, 0ms), 2s);
  EXPECT_EQ(RetryPause(policy, 1, 0.5, 2s, 8s), 2s);
  EXPECT_EQ(RetryPause(policy, 1, 0.5, 2s, 8001ms), std::nullopt);
}

TEST(RetryPause, RetryAfterAndHttpDates) {
  const Timestamp now = std::chrono::sys_days(std::chrono::year(1994) / 11 / 6) + 8h + 49min;
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), now + 37s);
  for (const char* text : {"", "yesterday", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:4x:37 GMT"}) {
    EXPECT_EQ(ParseHttpDate(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseRetryAfter("3", now), 3s);
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", now), 37s);
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:48:37 GMT", now), std::nullopt);
  EXPECT_EQ(ParseRetryAfter("-3", now), std::nullopt);
  EXPECT_EQ(ParseRetryAfter("soon", now), std::nullopt);
}

}  // namespace
}  // namespace rtl::aws
