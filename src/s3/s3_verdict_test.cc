// Answers as AWS's documentation of S3's error responses writes them.
#include "s3/s3_verdict.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rtl::s3 {
namespace {

using Next = aws::Verdict::Next;

http::Response Answer(int status, const std::string& code, const std::string& more = {}) {
  http::Response response;
  response.status = status;
  if (!code.empty()) {
    response.body = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>said so</Message>{}"
        "<RequestId>4442587FB7D0A2F9</RequestId></Error>",
        code, more);
  }
  return response;
}

Question Asked() {
  Question question;
  question.action = "s3:GetObject";
  question.arn = "arn:aws:s3:::bucket/key";
  question.bucket = "bucket";
  return question;
}

struct Case {
  int status;
  const char* code;
  Next next;
  ErrorKind kind;
  const char* said;  // a part of the message
};

TEST(Judge, EachRefusalIsItsOwnKindAndMessage) {
  const Case cases[] = {
      {403, "AccessDenied", Next::kFail, ErrorKind::kPermissionDenied,
       "s3:GetObject on arn:aws:s3:::bucket/key"},
      {403, "InvalidAccessKeyId", Next::kCredentials, ErrorKind::kPermissionDenied,
       "does not know this access key"},
      {403, "SignatureDoesNotMatch", Next::kFail, ErrorKind::kPermissionDenied, "secret access key"},
      {403, "RequestTimeTooSkewed", Next::kClockSkew, ErrorKind::kUnavailable, "clock"},
      {403, "InvalidObjectState", Next::kFail, ErrorKind::kPermissionDenied, "restore it first"},
      {400, "ExpiredToken", Next::kCredentials, ErrorKind::kPermissionDenied, "expired"},
      {404, "NoSuchKey", Next::kFail, ErrorKind::kNotFound, "no such object"},
      {404, "NoSuchVersion", Next::kFail, ErrorKind::kNotFound, "no such object"},
      {404, "NoSuchBucket", Next::kFail, ErrorKind::kBadConfig, "no bucket bucket"},
      {405, "MethodNotAllowed", Next::kFail, ErrorKind::kNotFound, "delete marker"},
      {409, "ConditionalRequestConflict", Next::kRetry, ErrorKind::kUnavailable, ""},
      {409, "BucketAlreadyExists", Next::kFail, ErrorKind::kConflict, ""},
      {412, "PreconditionFailed", Next::kFail, ErrorKind::kConflict, "not at the version"},
      {416, "InvalidRange", Next::kFail, ErrorKind::kBadData, "no bytes there"},
      {400, "RequestTimeout", Next::kRetry, ErrorKind::kUnavailable, ""},
      {400, "BadDigest", Next::kRetry, ErrorKind::kUnavailable, "changed on the way"},
      {400, "InvalidArgument", Next::kFail, ErrorKind::kBadData, "said so"},
      {500, "InternalError", Next::kRetry, ErrorKind::kUnavailable, "500"},
      {503, "SlowDown", Next::kSlowDown, ErrorKind::kUnavailable, "fewer requests"},
      {503, "ServiceUnavailable", Next::kSlowDown, ErrorKind::kUnavailable, "fewer requests"},
      {503, "", Next::kSlowDown, ErrorKind::kUnavailable, "fewer requests"},
      {429, "TooManyRequests", Next::kSlowDown, ErrorKind::kUnavailable, "fewer requests"},
      {400, "KMS.DisabledException", Next::kFail, ErrorKind::kPermissionDenied, "KMS key"},
      {400, "KMS.ThrottlingException", Next::kSlowDown, ErrorKind::kUnavailable, "fewer requests"},
      {500, "KMS.KMSInternalException", Next::kRetry, ErrorKind::kUnavailable, "500"},
      {404, "NoSuchUpload", Next::kFail, ErrorKind::kUnavailable, "upload is gone"},
      {403, "", Next::kFail, ErrorKind::kPermissionDenied, "access denied"},
      {404, "", Next::kFail, ErrorKind::kNotFound, ""},
      {502, "", Next::kRetry, ErrorKind::kUnavailable, "502"},
      {418, "", Next::kFail, ErrorKind::kBadData, "418"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(fmt::format("{} {}", c.status, c.code));
    const aws::Verdict verdict = Judge(Asked(), Answer(c.status, c.code));
    EXPECT_EQ(verdict.next, c.next);
    EXPECT_EQ(verdict.kind, c.kind);
    EXPECT_EQ(verdict.code, c.code);
    EXPECT_NE(verdict.message.find(c.said), std::string::npos) << verdict.message;
    EXPECT_FALSE(verdict.certainly_nothing_done);
  }
}

TEST(Judge, AConflictOfConditionalRequestsDidNothing) {
  Question question = Asked();
  question.is_conditional_put = true;
  question.precondition_is_a_value = true;
  EXPECT_TRUE(Judge(question, Answer(409, "ConditionalRequestConflict")).certainly_nothing_done);
  EXPECT_FALSE(Judge(question, Answer(503, "SlowDown")).certainly_nothing_done);
  EXPECT_FALSE(Judge(question, Answer(500, "InternalError")).certainly_nothing_done);
  EXPECT_EQ(Judge(question, Answer(412, "PreconditionFailed")).next, Next::kDone);
}

TEST(Judge, AnAnswerThatBeganWellMayEndInAnError) {
  const http::Response good = Answer(200, "");
  EXPECT_EQ(Judge(Asked(), good).next, Next::kDone);
  const aws::Verdict failed = Judge(Asked(), Answer(200, "InternalError"));
  EXPECT_EQ(failed.next, Next::kRetry);
  EXPECT_EQ(failed.kind, ErrorKind::kUnavailable);
  EXPECT_EQ(Judge(Asked(), Answer(200, "SlowDown")).next, Next::kSlowDown);
  // An object's bytes may look like anything.
  Question get = Asked();
  get.body_is_data = true;
  EXPECT_EQ(Judge(get, Answer(200, "InternalError")).next, Next::kDone);
}

TEST(Judge, ARefusalAfterAGoodStatusIsTheRefusal) {
  const auto after = [](const std::string& code) {
    http::Response answer = Answer(200, code);
    answer.body.insert(0, 1000, ' ');  // white space comes while S3 works
    return answer;
  };
  EXPECT_EQ(StatusOf(after("PreconditionFailed")), 412);
  EXPECT_EQ(StatusOf(after("ConditionalRequestConflict")), 409);
  EXPECT_EQ(StatusOf(after("SomethingNew")), 500);
  EXPECT_EQ(StatusOf(Answer(200, "")), 200);
  EXPECT_EQ(Judge(Asked(), after("AccessDenied")).kind, ErrorKind::kPermissionDenied);
  EXPECT_EQ(Judge(Asked(), after("NoSuchBucket")).kind, ErrorKind::kBadConfig);
  EXPECT_EQ(Judge(Asked(), after("EntityTooSmall")).next, Next::kFail);
}

TEST(Judge, AKeyOfKmsThatMayNotBeUsedIsNamedAsSuch) {
  http::Response denied = Answer(403, "AccessDenied");
  denied.body =
      "<Error><Code>AccessDenied</Code><Message>User: u is not authorized to perform: kms:Decrypt on "
      "resource: arn:aws:kms:eu-west-1:1:key/k</Message></Error>";
  const aws::Verdict verdict = Judge(Asked(), denied);
  EXPECT_EQ(verdict.kind, ErrorKind::kPermissionDenied);
  EXPECT_NE(verdict.message.find("KMS key"), std::string::npos);
  EXPECT_NE(verdict.message.find("kms:Decrypt"), std::string::npos);
}

TEST(Region, WhatCannotBeAHostsPartIsNone) {
  EXPECT_TRUE(IsRegionName("eu-west-1"));
  EXPECT_TRUE(IsRegionName("us-gov-east-1"));
  for (const char* bad : {"", "EU", "a.b", "a/b", "a b", "x@y", "a-very-long-region-name-that-none-has"}) {
    EXPECT_FALSE(IsRegionName(bad)) << bad;
  }
}

TEST(Judge, AnAbsentObjectMayBeAValueAnAbsentBucketNever) {
  Question question = Asked();
  question.absent_is_a_value = true;
  EXPECT_EQ(Judge(question, Answer(404, "NoSuchKey")).next, Next::kDone);
  EXPECT_EQ(Judge(question, Answer(404, "")).next, Next::kDone);
  EXPECT_EQ(Judge(question, Answer(404, "NoSuchBucket")).kind, ErrorKind::kBadConfig);
}

TEST(Judge, AnotherRegionIsNamed) {
  http::Response moved = Answer(301, "PermanentRedirect");
  moved.headers.push_back({"x-amz-bucket-region", "eu-west-1"});
  EXPECT_NE(Judge(Asked(), moved).message.find("eu-west-1"), std::string::npos);
  const auto malformed =
      Judge(Asked(), Answer(400, "AuthorizationHeaderMalformed", "<Region>eu-north-1</Region>"));
  EXPECT_EQ(malformed.kind, ErrorKind::kBadConfig);
  EXPECT_NE(malformed.message.find("eu-north-1"), std::string::npos);
}

}  // namespace
}  // namespace rtl::s3
