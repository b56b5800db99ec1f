#include "discover/sqs_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <mutex>
#include <set>

#include "discover/testing_elasticmq.h"

namespace rtl::discover {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Created(std::string_view key, std::string_view bucket = "lake") {
  return fmt::format(
      R"({{"Records":[{{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","eventTime":"2026-01-31T12:00:00Z",)"
      R"("s3":{{"bucket":{{"name":"{}"}},"object":{{"key":"{}"}}}}}}]}})",
      bucket, key);
}

// What a source hands out. Threads: any.
class Received {
 public:
  OnHint on_hint() {
    return [this](Hint hint) {
      const std::lock_guard lock(mutex_);
      hints_.push_back(std::move(hint));
    };
  }
  OnNotice on_notice() {
    return [this](std::string text) {
      const std::lock_guard lock(mutex_);
      notices_.push_back(std::move(text));
    };
  }
  // Waits for one, too.
  Hint Take() {
    Hint hint;
    EXPECT_TRUE(Eventually([&] {
      const std::lock_guard lock(mutex_);
      if (hints_.empty()) return false;
      hint = std::move(hints_.front());
      hints_.erase(hints_.begin());
      return true;
    }));
    if (!hint.done) hint.done = [](bool) {};
    return hint;
  }
  std::vector<std::string> notices() {
    const std::lock_guard lock(mutex_);
    return notices_;
  }

 private:
  std::mutex mutex_;
  std::vector<Hint> hints_;
  std::vector<std::string> notices_;
};

class SqsSourceTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = ElasticMq::Start(); }
  static void TearDownTestSuite() { server_.reset(); }
  void SetUp() override {
    if (!server_)
      GTEST_SKIP() << "no ElasticMQ: set RTLOADER_SERVERS (its jars in elasticmq/lib) and install java";
  }

  SqsOptions OptionsFor(const std::string& queue) {
    return {.queue_url = server_->Url(queue),
            .scope = {.bucket = "lake", .prefix = "in/"},
            .receivers = 1,
            .visibility = seconds(30),
            .wait = seconds(1)};
  }
  std::unique_ptr<SqsSource> Start(SqsOptions options, Received& received) {
    auto source =
        SqsSource::Start(std::move(options), server_->http(), std::make_shared<TestingCredentials>(),
                         std::make_shared<aws::RequestCounters>(), received.on_hint(), received.on_notice());
    EXPECT_TRUE(source) << source.error().message();
    return source ? std::move(*source) : nullptr;
  }
  static bool IsEmptyQueue(SqsClient& queue) {
    const auto attributes = queue.Attributes();
    return attributes && attributes->messages == 0 && attributes->in_flight == 0;
  }

  static inline std::unique_ptr<ElasticMq> server_;
};

TEST_F(SqsSourceTest, DeletesWhatWasHandledAndWhatIsNotOurs) {
  const auto queue = server_->MakeQueue("handled");
  ASSERT_TRUE(queue);
  for (int i = 0; i < 23; ++i) ASSERT_TRUE(queue->SendMessage(Created(fmt::format("in/{}", i))));
  ASSERT_TRUE(queue->SendMessage(R"({"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"lake"})"));
  ASSERT_TRUE(queue->SendMessage(Created("in/x", "foreign")));
  ASSERT_TRUE(queue->SendMessage(Created("in/y", "foreign")));
  Received received;
  SqsOptions options = OptionsFor("handled");
  options.max_in_flight = 15;
  const auto source = Start(options, received);
  ASSERT_TRUE(source);
  std::set<std::string> keys;
  for (int i = 0; i < 23; ++i) {
    const Hint hint = received.Take();
    keys.insert(hint.key);
    EXPECT_TRUE(hint.event_time);
    EXPECT_LE(source->counters().in_flight, 15);
    hint.done(true);
  }
  EXPECT_THAT(keys, AllOf(SizeIs(23), Contains("0"), Contains("22")));
  EXPECT_TRUE(Eventually([&] { return IsEmptyQueue(*queue); }));
  EXPECT_TRUE(Eventually([&] { return source->counters().deleted == 26; }));
  EXPECT_EQ(source->counters().refused, 2);
  EXPECT_EQ(source->counters().ignored, 1);
  EXPECT_EQ(source->counters().stale_receipts, 0);
  EXPECT_THAT(received.notices(), ::testing::ElementsAre(HasSubstr("bucket foreign is not ours")));
}

TEST_F(SqsSourceTest, KeepsASlowMessageAndGivesItBackAtTheEnd) {
  const auto queue = server_->MakeQueue("slow");
  ASSERT_TRUE(queue);
  ASSERT_TRUE(queue->SendMessage(Created("in/slow")));
  Received received;
  SqsOptions options = OptionsFor("slow");
  options.visibility = seconds(1);
  options.heartbeat = milliseconds(300);
  auto source = Start(options, received);
  ASSERT_TRUE(source);
  Hint hint = received.Take();
  EXPECT_TRUE(Eventually([&] { return source->counters().extended >= 6; }));
  EXPECT_EQ(source->counters().received, 1) << "longer than its visibility, and still ours";
  hint.done(false);
  hint = received.Take();
  EXPECT_EQ(hint.key, "slow") << "given up, so it came again";
  EXPECT_TRUE(Eventually([&] { return source->counters().released == 1; }));
  EXPECT_EQ(source->counters().redelivered, 1);
  source->Stop();
  EXPECT_EQ(source->counters().released, 2) << "what was not handled is there for others at once";
  // the server may still have given it to the long poll that the stop cut off
  EXPECT_TRUE(Eventually([&] {
    const auto again = queue->Receive(1, seconds(0), seconds(30));
    return again && again->size() == 1 && again->at(0).receives >= 3;
  }));
  source.reset();
  hint.done(true);  // after the source is gone: harmless
}

TEST_F(SqsSourceTest, WhatIsNotUnderstoodGoesToTheDeadLetters) {
  const auto letters = server_->MakeQueue("letters");
  const auto redriven = server_->MakeQueue("redriven", "letters", 2);
  const auto plain = server_->MakeQueue("plain");
  ASSERT_TRUE(letters && redriven && plain);
  ASSERT_TRUE(redriven->SendMessage("puzzle one"));
  ASSERT_TRUE(plain->SendMessage("puzzle two"));
  const auto attributes = redriven->Attributes();
  ASSERT_TRUE(attributes);
  EXPECT_EQ(attributes->dead_letter_arn, server_->Arn("letters"));
  EXPECT_EQ(attributes->max_receive_count, 2);

  Received received;
  SqsOptions options = OptionsFor("redriven");
  options.visibility = seconds(1);
  const auto by_policy = Start(options, received);
  options.queue_url = server_->Url("plain");
  options.dlq_url = server_->Url("letters");
  options.max_receives = 2;
  const auto by_us = Start(options, received);
  ASSERT_TRUE(by_policy && by_us);
  EXPECT_TRUE(Eventually([&] {
    const auto now = letters->Attributes();
    return now && now->messages == 2;
  }));
  EXPECT_EQ(by_policy->counters().not_understood, 2);
  EXPECT_EQ(by_policy->counters().dead_lettered, 0);
  EXPECT_TRUE(Eventually([&] { return by_us->counters().dead_lettered == 1; }));
  EXPECT_TRUE(IsEmptyQueue(*plain));
  EXPECT_THAT(received.notices(), Contains(HasSubstr("not an S3 event: no JSON")));
}

TEST_F(SqsSourceTest, AnOldReceiptHarmsNobody) {
  const auto queue = server_->MakeQueue("receipts");
  ASSERT_TRUE(queue);
  ASSERT_TRUE(queue->SendMessage("one"));
  const auto first = queue->Receive(1, seconds(0), seconds(1));
  ASSERT_TRUE(first);
  ASSERT_THAT(*first, SizeIs(1));
  ASSERT_TRUE(queue->SendMessage("two"));
  std::vector<SqsMessage> later;
  ASSERT_TRUE(Eventually([&] {  // its visibility ends
    const auto more = queue->Receive(10, seconds(1), seconds(30));
    if (more) later.insert(later.end(), more->begin(), more->end());
    return later.size() == 2;
  }));
  const SqsMessage& one = later[later[0].body == "one" ? 0 : 1];
  const SqsMessage& two = later[later[0].body == "one" ? 1 : 0];
  EXPECT_EQ(one.receives, 2);
  EXPECT_NE(one.receipt, first->at(0).receipt);
  const std::vector<std::string> receipts = {first->at(0).receipt, two.receipt};
  const auto failures = queue->DeleteBatch(receipts);
  ASSERT_TRUE(failures) << failures.error().message();
  ASSERT_THAT(*failures, SizeIs(1)) << "the other entry is done";
  EXPECT_EQ(failures->at(0).index, 0U);
  EXPECT_THAT(failures->at(0).code, HasSubstr("ReceiptHandle"));
  EXPECT_THAT(*queue->DeleteBatch(std::vector<std::string>{one.receipt}), IsEmpty());
  EXPECT_TRUE(IsEmptyQueue(*queue));
}

TEST_F(SqsSourceTest, NoQueueIsAnErrorAtTheStart) {
  Received received;
  const auto source =
      SqsSource::Start(OptionsFor("absent"), server_->http(), std::make_shared<TestingCredentials>(),
                       std::make_shared<aws::RequestCounters>(), received.on_hint(), {});
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().kind(), ErrorKind::kNotFound) << source.error().message();
  EXPECT_THAT(source.error().message(), HasSubstr("/absent"));
}

}  // namespace
}  // namespace rtl::discover
