#include "discover/sqs_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/sqs_in_flight.h"
#include "discover/sqs_source.h"

namespace rtl::discover {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Next = aws::Verdict::Next;

TEST(SqsAddress, EndpointAndRegion) {
  const auto at = [](std::string_view url, std::string_view endpoint = {}, std::string_view region = {}) {
    const auto address = AddressOfQueue(url, endpoint, region);
    return address ? address->endpoint + " " + address->region : address.error().message();
  };
  EXPECT_EQ(at("https://sqs.eu-west-1.amazonaws.com/123456789012/q"),
            "https://sqs.eu-west-1.amazonaws.com/ eu-west-1");
  EXPECT_EQ(at("https://sqs.eu-west-1.amazonaws.com/1/q", "http://127.0.0.1:5555", "us-west-2"),
            "http://127.0.0.1:5555/ eu-west-1");
  EXPECT_EQ(at("https://sqs.cn-north-1.amazonaws.com.cn/1/q"),
            "https://sqs.cn-north-1.amazonaws.com.cn/ cn-north-1");
  EXPECT_EQ(at("https://sqs-fips.us-gov-west-1.amazonaws.com/1/q"),
            "https://sqs-fips.us-gov-west-1.amazonaws.com/ us-gov-west-1");
  EXPECT_EQ(at("https://vpce-1.sqs.us-east-2.vpce.amazonaws.com/1/q"),
            "https://vpce-1.sqs.us-east-2.vpce.amazonaws.com/ us-east-2");
  EXPECT_EQ(at("https://sqs.eu-west-1.api.aws/1/q"), "https://sqs.eu-west-1.api.aws/ eu-west-1");
  EXPECT_EQ(at("https://us-west-2.queue.amazonaws.com/1/q"),
            "https://us-west-2.queue.amazonaws.com/ us-west-2");
  EXPECT_EQ(at("https://queue.amazonaws.com/1/q"), "https://queue.amazonaws.com/ us-east-1");
  EXPECT_EQ(at("http://127.0.0.1:9324/0/q", "", "eu-north-1"), "http://127.0.0.1:9324/ eu-north-1");
  EXPECT_EQ(at("http://127.0.0.1:9324/0/q"), "http://127.0.0.1:9324/ us-east-1");
  for (const char* url : {"", "q", "arn:aws:sqs:eu-west-1:1:q", "https://sqs.eu-west-1.amazonaws.com/"}) {
    EXPECT_THAT(at(url), HasSubstr("is no queue URL")) << url;
  }
}

TEST(SqsAnswer, WhatEachErrorComesTo) {
  struct Case {
    int status;
    std::string type;
    std::string message;
    Next next;
    ErrorKind kind;
  };
  const std::vector<Case> cases = {
      {400, "com.amazonaws.sqs#QueueDoesNotExist", "x", Next::kFail, ErrorKind::kNotFound},
      {403, "com.amazon.coral.service#AccessDeniedException", "x", Next::kFail, ErrorKind::kPermissionDenied},
      {400, "KmsAccessDenied", "x", Next::kFail, ErrorKind::kPermissionDenied},
      {403, "ExpiredTokenException", "x", Next::kCredentials, ErrorKind::kPermissionDenied},
      {403, "InvalidClientTokenId", "x", Next::kCredentials, ErrorKind::kPermissionDenied},
      {403, "InvalidSignatureException", "Signature expired: 1 is now earlier than 2", Next::kClockSkew,
       ErrorKind::kPermissionDenied},
      {403, "InvalidSignatureException", "does not match", Next::kFail, ErrorKind::kPermissionDenied},
      {400, "com.amazonaws.sqs#RequestThrottled", "x", Next::kSlowDown, ErrorKind::kUnavailable},
      {403, "com.amazonaws.sqs#OverLimit", "x", Next::kSlowDown, ErrorKind::kUnavailable},
      {500, "InternalFailure", "x", Next::kRetry, ErrorKind::kUnavailable},
      {503, "", "", Next::kRetry, ErrorKind::kUnavailable},
      {400, "InvalidParameterValue", "x", Next::kFail, ErrorKind::kBadConfig},
  };
  for (const Case& c : cases) {
    const std::string body =
        c.type.empty() ? "<html>" : R"({"__type":")" + c.type + R"(","message":")" + c.message + R"("})";
    const aws::Verdict verdict = JudgeSqsAnswer({.status = c.status, .body = body});
    EXPECT_EQ(verdict.next, c.next) << c.type;
    EXPECT_EQ(verdict.kind, c.kind) << c.type;
    EXPECT_FALSE(verdict.message.empty()) << c.type;
    EXPECT_FALSE(verdict.code.contains('#'));
  }
  EXPECT_EQ(JudgeSqsAnswer({.status = 200}).next, Next::kDone);
}

TEST(SqsInFlight, AMessageIsDeletedWhenAllItsHintsAreHandled) {
  SqsInFlight in_flight;
  const SqsInFlight::Time start{};
  const auto a = in_flight.Add("a", "r1", 1, 2, start + seconds(5));
  const auto b = in_flight.Add("b", "r2", 4, 2, start + seconds(7));
  ASSERT_TRUE(a && b);
  EXPECT_TRUE(in_flight.Add("c", "r3", 1, 0, start)) << "nothing to wait for";
  ASSERT_THAT(in_flight.ToDelete(10), SizeIs(1));
  EXPECT_EQ(in_flight.ToDelete(10)[0].receipt, "r3");
  in_flight.Done(*a, true);
  in_flight.Done(*b, false);
  EXPECT_THAT(in_flight.ToDelete(10), SizeIs(1)) << "half of the hints are not enough";
  EXPECT_THAT(in_flight.ToRelease(10), IsEmpty());
  in_flight.Done(*a, true);
  in_flight.Done(*b, true);
  EXPECT_THAT(in_flight.ToDelete(10), SizeIs(2));
  EXPECT_THAT(in_flight.ToDelete(1), SizeIs(1));
  ASSERT_THAT(in_flight.ToRelease(10), SizeIs(1)) << "one of its hints was given up";
  EXPECT_EQ(in_flight.ToRelease(10)[0].receives, 4);
  in_flight.Done(*b, true);  // once too often
  EXPECT_EQ(in_flight.finished(), 3U);
}

TEST(SqsInFlight, ExtendsWhatWaitsAndNothingElse) {
  SqsInFlight in_flight;
  const SqsInFlight::Time start{};
  const auto a = in_flight.Add("a", "r1", 1, 1, start + seconds(5));
  const auto b = in_flight.Add("b", "r2", 1, 1, start + seconds(6));
  EXPECT_THAT(in_flight.ToExtend(10, start + seconds(4)), IsEmpty());
  EXPECT_EQ(in_flight.next_extension(), start + seconds(5));
  ASSERT_THAT(in_flight.ToExtend(10, start + seconds(6)), SizeIs(2));
  in_flight.Extended(*a, start + seconds(9));
  in_flight.Lost(*b);
  EXPECT_THAT(in_flight.ToExtend(10, start + seconds(8)), IsEmpty());
  EXPECT_EQ(in_flight.next_extension(), start + seconds(9));
  in_flight.Done(*a, true);
  EXPECT_FALSE(in_flight.next_extension());
}

TEST(SqsInFlight, AMessageThatComesAgainIsNotHandledTwice) {
  SqsInFlight in_flight;
  const SqsInFlight::Time start{};
  const auto token = in_flight.Add("a", "old", 1, 1, start);
  in_flight.Done(*token, true);
  const SqsInFlight::Item deleting = in_flight.ToDelete(1)[0];
  EXPECT_FALSE(in_flight.Add("a", "new", 2, 1, start));
  in_flight.Remove(deleting);
  ASSERT_THAT(in_flight.ToDelete(1), SizeIs(1)) << "the delivery that came meanwhile is still to be deleted";
  EXPECT_EQ(in_flight.ToDelete(1)[0].receipt, "new");
  in_flight.Remove(in_flight.ToDelete(1)[0]);
  EXPECT_EQ(in_flight.size(), 0U);
  EXPECT_TRUE(in_flight.Add("a", "third", 3, 1, start));
  in_flight.GiveUpAll();
  ASSERT_THAT(in_flight.ToRelease(1), SizeIs(1));
  const SqsInFlight::Item releasing = in_flight.ToRelease(1)[0];
  EXPECT_TRUE(in_flight.Add("a", "fourth", 4, 1, start)) << "released, and here already";
  in_flight.Remove(releasing);
  EXPECT_EQ(in_flight.size(), 1U);
  EXPECT_EQ(in_flight.finished(), 0U);
}

TEST(SqsInFlight, WhatIsGivenUpAgainAndAgainWaitsLonger) {
  EXPECT_EQ(ReleaseDelay(1, seconds(60)), seconds(0));
  EXPECT_EQ(ReleaseDelay(2, seconds(60)), seconds(1));
  EXPECT_EQ(ReleaseDelay(5, seconds(60)), seconds(8));
  EXPECT_EQ(ReleaseDelay(1'000, seconds(60)), seconds(60));
}

}  // namespace
}  // namespace rtl::discover
