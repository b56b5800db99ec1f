// What becomes of writes when S3 answers as AWS documents it and servers at hand never do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "s3/checksum.h"
#include "s3/testing_s3.h"

namespace rtl::s3 {
namespace {

using store::PutIfAbsentOutcome;
using ::testing::HasSubstr;
using ::testing::Not;

const http::Reply kOk = http::MakeReply(200, "", kVersionHeaders);

TEST(S3Write, AConflictOfConditionalPutsIsPutAgain) {
  ScriptedS3 s3(
      Script({Refusal(409, "ConditionalRequestConflict"), Refusal(409, "ConditionalRequestConflict"), kOk}));
  EXPECT_EQ(s3.store().PutIfAbsent("log/1.json", "x"), PutIfAbsentOutcome::kCreated);
  ASSERT_EQ(s3.requests().size(), 3U);
  const auto sent = s3.requests().back();
  EXPECT_EQ(sent.target, "/bucket/in/log/1.json");
  EXPECT_EQ(sent.header("If-None-Match"), "*");
  EXPECT_EQ(sent.header("x-amz-checksum-crc32c"), Crc32cBase64("x"));
  EXPECT_EQ(s3.counted().requests.at("PUT"), 3);
  EXPECT_EQ(s3.counted().retries, 2);
}

TEST(S3Write, APreconditionThatFailedAtOnceIsSomebodyElse) {
  ScriptedS3 s3(Script({Refusal(412, "PreconditionFailed")}));
  EXPECT_EQ(s3.store().PutIfAbsent("log/1.json", "x"), PutIfAbsentOutcome::kExists);
}

TEST(S3Write, AfterAnyDoubtTheOutcomeIsUnknownAndNothingIsSentAgain) {
  http::Reply lost;
  lost.close = true;
  const std::vector<http::Reply> doubts = {
      Refusal(500, "InternalError"), Refusal(503, "SlowDown"), lost,
      http::Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx", .close = true}};
  for (const http::Reply& doubt : doubts) {
    ScriptedS3 s3(Script({doubt, Refusal(412, "PreconditionFailed")}));
    const auto outcome = s3.store().PutIfAbsent("log/1.json", "x");
    ASSERT_FALSE(outcome.has_value()) << doubt.bytes;
    EXPECT_EQ(outcome.error().kind(), ErrorKind::kCommitUnknown) << outcome.error().message();
    EXPECT_EQ(s3.requests().size(), 1U) << "a second attempt's 412 could be about our own object";
  }
}

TEST(S3Write, APlainPutIsRepeated) {
  http::Reply lost;
  lost.close = true;
  ScriptedS3 s3(Script({Refusal(500, "InternalError"), Refusal(503, "SlowDown"), lost, kOk}));
  EXPECT_TRUE(s3.store().Put("a", "x"));
  EXPECT_EQ(s3.requests().size(), 4U);
  EXPECT_EQ(s3.counted().throttled, 1);
}

TEST(S3Write, OverAnEtagThatIsNotThereNothingIsWritten) {
  for (const auto& refusal : {Refusal(412, "PreconditionFailed"), Refusal(404, "NoSuchKey")}) {
    ScriptedS3 s3(Script({refusal}));
    EXPECT_EQ(s3.client().PutObject("a", "x", {.if_none_match = false, .if_match = "e0"}),
              PutAnswer::kPreconditionFailed);
    EXPECT_EQ(s3.requests().front().header("If-Match"), "\"e0\"");
  }
}

TEST(S3Write, ACopyThatFailsAfterItsGoodStatusIsRepeated) {
  ScriptedS3 s3(Script({http::MakeReply(200, "  \n " + ErrorXml("InternalError")), http::MakeReply(200, ""),
                        http::MakeReply(200, "<CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>")}));
  const auto copied = s3.client().CopyObject("a b", "c");
  ASSERT_FALSE(copied.has_value()) << "an empty answer does not say that it was copied";
  EXPECT_THAT(copied.error().message(), HasSubstr("does not say"));
  EXPECT_TRUE(s3.client().CopyObject("a b", "c"));
  EXPECT_EQ(s3.requests().size(), 3U);
  EXPECT_EQ(s3.requests().front().header("x-amz-copy-source"), "/bucket/a%20b");
}

TEST(S3Write, DeletesOfManyTryAgainWhatMayPassAndNameWhatMayNot) {
  const auto result = [](std::string_view errors) {
    return http::MakeReply(200, fmt::format("<DeleteResult>{}</DeleteResult>", errors));
  };
  const Script batches(
      {result("<Error><Key>in/b</Key><Code>SlowDown</Code><Message>m</Message></Error>"), result("")});
  ScriptedS3 s3([&](const http::ReceivedRequest& request) {
    return request.method == "DELETE" ? http::MakeReply(204, "") : batches(request);
  });
  const std::vector<std::string> keys = {"a", "b", "c\x01"};
  const auto deleted = s3.store().DeleteAll(keys);
  ASSERT_TRUE(deleted) << deleted.error().message();
  int singly = 0;
  std::vector<std::string> bodies;
  for (const auto& request : s3.requests()) {
    if (request.method == "DELETE") {
      ++singly;
      EXPECT_EQ(request.target, "/bucket/in/c%01") << "XML cannot name it";
    } else {
      bodies.push_back(request.body);
      EXPECT_EQ(request.header("Content-MD5"), Base64(Md5(request.body)));
    }
  }
  EXPECT_EQ(singly, 1);
  ASSERT_EQ(bodies.size(), 2U);
  EXPECT_THAT(bodies[0], HasSubstr("<Key>in/a</Key>"));
  EXPECT_THAT(bodies[1], Not(HasSubstr("<Key>in/a</Key>")));
  EXPECT_THAT(bodies[1], HasSubstr("<Key>in/b</Key>"));

  ScriptedS3 denying(
      Script({result("<Error><Key>in/a</Key><Code>AccessDenied</Code><Message>no</Message></Error>")}));
  const auto denied = denying.store().DeleteAll(keys);
  ASSERT_FALSE(denied.has_value());
  EXPECT_EQ(denied.error().kind(), ErrorKind::kPermissionDenied);
  EXPECT_THAT(denied.error().message(), HasSubstr("s3:DeleteObject on arn:aws:s3:::bucket/in/a"));
}

TEST(S3Write, NoSecretIsInAMessage) {
  ScriptedS3 s3([](const http::ReceivedRequest& request) {
    return http::MakeReply(
        403, ErrorXml("SignatureDoesNotMatch", "<StringToSign>" + request.header("authorization") +
                                                   " very-secret-key secret-token</StringToSign>"));
  });
  const auto put = s3.store().Put("a", "x");
  ASSERT_FALSE(put.has_value());
  EXPECT_EQ(put.error().kind(), ErrorKind::kPermissionDenied);
  EXPECT_THAT(put.error().message(), Not(HasSubstr("secret-token")));
  EXPECT_THAT(put.error().message(), Not(HasSubstr("very-secret")));
}

}  // namespace
}  // namespace rtl::s3
