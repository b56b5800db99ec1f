// When credentials are asked for anew, and by whom.
#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "aws/credentials.h"
#include "aws/testing_aws.h"

namespace rtl::aws {
namespace {

using namespace std::chrono_literals;

class RefreshTest : public testing::Test {
 protected:
  RefreshTest() {
    process.environment = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", aws.url("/v1/credentials")}};
  }
  void MakeProvider() {
    provider = MakeCredentialsProvider({}, http::MakeClient(), process.surroundings(), clock);
  }
  std::string Key() {
    const auto got = provider->Get();
    return got ? got->access_key_id : got.error().message();
  }
  void Advance(std::chrono::seconds by) { clock.now += std::chrono::microseconds(by).count(); }

  TestingClock clock;
  TestingAws aws;
  TestingProcess process;
  std::shared_ptr<CredentialsProvider> provider;
};

TEST_F(RefreshTest, AskedForOnceUntilFiveMinutesBeforeTheirEnd) {
  MakeProvider();
  EXPECT_EQ(Key(), "ASIALOCAL1");
  Advance(54min);
  EXPECT_EQ(Key(), "ASIALOCAL1");
  EXPECT_EQ(aws.requests().size(), 1U);
  Advance(2min);
  EXPECT_EQ(Key(), "ASIALOCAL2");
}

TEST_F(RefreshTest, WhatStillHoldsIsUsedWhileTheSourceFails) {
  MakeProvider();
  EXPECT_EQ(Key(), "ASIALOCAL1");
  Advance(56min);
  for (int i = 0; i < 2; ++i) aws.Instead("/v1/credentials", http::MakeReply(500, ""));
  EXPECT_EQ(Key(), "ASIALOCAL1");
  const auto asked = aws.requests().size();
  EXPECT_EQ(Key(), "ASIALOCAL1");  // not before every request
  EXPECT_EQ(aws.requests().size(), asked);
  Advance(5min);
  for (int i = 0; i < 2; ++i) aws.Instead("/v1/credentials", http::MakeReply(500, ""));
  const auto ended = provider->Get();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind(), ErrorKind::kUnavailable);
  aws.expiration = "2026-01-31T15:00:00Z";
  EXPECT_EQ(Key(), "ASIALOCAL2");
}

TEST_F(RefreshTest, RefusedOnesAreReplaced) {
  MakeProvider();
  const auto first = provider->Get();
  ASSERT_TRUE(first);
  provider->Invalidate(*first);
  EXPECT_EQ(Key(), "ASIALOCAL2");
  provider->Invalidate(*first);  // late: those have gone already
  EXPECT_EQ(Key(), "ASIALOCAL2");
}

TEST_F(RefreshTest, OneAsksForAll) {
  MakeProvider();
  std::atomic<int> right{0};
  {
    std::latch start(8);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        right += Key() == "ASIALOCAL1" ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(right, 8);
  EXPECT_EQ(aws.requests().size(), 1U);
}

// A source that waits until it is let go.
class HeldClient final : public http::Client {
 public:
  Result<http::Response> Send(const http::Request&, std::stop_token) override {
    asked.count_down();
    go_on.wait();
    return http::Response{
        .status = 200,
        .body = R"({"AccessKeyId":"NEW","SecretAccessKey":"s","Expiration":"2026-01-31T15:00:00Z"})"};
  }
  std::latch asked{1};
  std::latch go_on{1};
};

class FirstThenHeld final : public http::Client {
 public:
  Result<http::Response> Send(const http::Request& request, std::stop_token stop) override {
    if (!std::exchange(first_given, true)) {
      return http::Response{
          .status = 200,
          .body = R"({"AccessKeyId":"OLD","SecretAccessKey":"s","Expiration":"2026-01-31T13:00:00Z"})"};
    }
    return held.Send(request, stop);
  }
  bool first_given = false;
  HeldClient held;
};

TEST_F(RefreshTest, OthersGoOnWhileOneRefreshes) {
  const auto client = std::make_shared<FirstThenHeld>();
  provider = MakeCredentialsProvider({}, client, process.surroundings(), clock);
  EXPECT_EQ(Key(), "OLD");
  Advance(56min);
  std::string refreshed;
  std::jthread refresher([&] { refreshed = Key(); });
  client->held.asked.wait();
  EXPECT_EQ(Key(), "OLD");
  client->held.go_on.count_down();
  refresher.join();
  EXPECT_EQ(refreshed, "NEW");
  EXPECT_EQ(Key(), "NEW");
}

TEST(ProcessSurroundings, RunsCommandsAndReadsFiles) {
  const Surroundings surroundings = ProcessSurroundings();
  EXPECT_TRUE(surroundings.environment.contains("PATH"));
  EXPECT_EQ(surroundings.run("printf '%s' 'a b'"), "a b");
  const auto failed = surroundings.run("printf s3cr3t; exit 3");
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message().find("code 3"), std::string::npos);
  EXPECT_EQ(failed.error().message().find("s3cr3t"), std::string::npos);
  const auto file = surroundings.read_file("/nonexistent/file");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind(), ErrorKind::kNotFound);
  const auto directory = surroundings.read_file("/");
  EXPECT_FALSE(directory);
}

}  // namespace
}  // namespace rtl::aws
