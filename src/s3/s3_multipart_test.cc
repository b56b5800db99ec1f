// Uploads in parts when S3 answers as AWS documents it and servers at hand never do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "s3/testing_s3.h"

namespace rtl::s3 {
namespace {

using store::PutIfAbsentOutcome;
using ::testing::HasSubstr;

const std::string kBytes(11 << 20, 'x');  // three parts: a part is 5 MiB at least
const http::Reply kComplete = http::MakeReply(
    200,
    "\n\n<?xml "
    "version=\"1.0\"?>\n<CompleteMultipartUploadResult><ETag>\"e-3\"</ETag></CompleteMultipartUploadResult>");

Options InParts() {
  Options options;
  options.part_bytes = 1 << 20;
  options.multipart_from_bytes = 1 << 20;
  return options;
}

// S3 whose uploads work but for what the test says of their ends.
struct Uploads {
  explicit Uploads(std::vector<http::Reply> ends) : complete(std::move(ends)) {}
  Script complete;
  std::atomic<int> begun = 0, parts = 0, completed = 0, aborted = 0;
  http::Reply part = http::MakeReply(200, "", "ETag: \"p\"\r\n");

  ScriptedS3::Handler Handler() {
    return [this](const http::ReceivedRequest& request) {
      if (request.method == "POST" && request.target.ends_with("?uploads=")) {
        return http::MakeReply(200, fmt::format("<InitiateMultipartUploadResult><UploadId>u/{}</UploadId>"
                                                "</InitiateMultipartUploadResult>",
                                                ++begun));
      }
      if (request.method == "PUT") {
        ++parts;
        return part;
      }
      if (request.method == "DELETE") {
        ++aborted;
        return http::MakeReply(204, "");
      }
      ++completed;
      return complete(request);
    };
  }
};

TEST(S3Multipart, PartsAreNumberedCheckedAndCompletedOnCondition) {
  Uploads uploads({kComplete});
  ScriptedS3 s3(uploads.Handler(), InParts());
  EXPECT_EQ(s3.store().PutIfAbsent("a", kBytes), PutIfAbsentOutcome::kCreated);
  EXPECT_EQ(uploads.parts, 3);
  EXPECT_EQ(uploads.aborted, 0);
  const auto last = s3.requests().back();
  EXPECT_EQ(last.target, "/bucket/in/a?uploadId=u%2F1");
  EXPECT_EQ(last.header("If-None-Match"), "*");
  EXPECT_THAT(last.body, HasSubstr("<Part><PartNumber>3</PartNumber><ETag>\"p\"</ETag><ChecksumCRC32C>"));
  const auto counted = s3.counted();
  EXPECT_EQ(counted.requests.at("POST"), 2);
  EXPECT_EQ(counted.requests.at("PUT"), 3);
}

TEST(S3Multipart, AfterAConflictTheUploadIsBegunAnew) {
  for (const auto& conflict : {Refusal(409, "ConditionalRequestConflict"),
                               http::MakeReply(200, "   " + ErrorXml("ConditionalRequestConflict"))}) {
    Uploads uploads({conflict, kComplete});
    ScriptedS3 s3(uploads.Handler(), InParts());
    EXPECT_EQ(s3.store().PutIfAbsent("a", kBytes), PutIfAbsentOutcome::kCreated);
    EXPECT_EQ(uploads.begun, 2);
    EXPECT_EQ(uploads.parts, 6);
    EXPECT_EQ(uploads.aborted, 1) << "the first";
  }
}

TEST(S3Multipart, AnotherOneThatIsThereIsKnownAlsoFromAGoodStatus) {
  for (const auto& exists :
       {Refusal(412, "PreconditionFailed"), http::MakeReply(200, ErrorXml("PreconditionFailed"))}) {
    Uploads uploads({exists});
    ScriptedS3 s3(uploads.Handler(), InParts());
    EXPECT_EQ(s3.store().PutIfAbsent("a", kBytes), PutIfAbsentOutcome::kExists);
    EXPECT_EQ(uploads.aborted, 1);
  }
}

TEST(S3Multipart, AnEndInDoubtIsUnknownAndKept) {
  http::Reply lost;
  lost.close = true;
  for (const auto& doubt : {Refusal(500, "InternalError"), http::MakeReply(200, ErrorXml("InternalError")),
                            http::MakeReply(200, ""), lost}) {
    Uploads uploads({doubt, kComplete});
    ScriptedS3 s3(uploads.Handler(), InParts());
    const auto outcome = s3.store().PutIfAbsent("a", kBytes);
    ASSERT_FALSE(outcome.has_value()) << doubt.bytes;
    EXPECT_EQ(outcome.error().kind(), ErrorKind::kCommitUnknown);
    EXPECT_EQ(uploads.completed, 1);
    EXPECT_EQ(uploads.aborted, 0) << "it may be the object";

    Uploads again({doubt, kComplete});
    ScriptedS3 plain(again.Handler(), InParts());
    EXPECT_TRUE(plain.store().Put("a", kBytes)) << "written once more, whatever became of the first";
    EXPECT_EQ(again.begun, 2);
  }
}

TEST(S3Multipart, APartThatIsRefusedAbortsTheUpload) {
  Uploads uploads({kComplete});
  uploads.part = Refusal(403, "AccessDenied");
  ScriptedS3 s3(uploads.Handler(), InParts());
  const auto put = s3.store().Put("a", kBytes);
  ASSERT_FALSE(put.has_value());
  EXPECT_EQ(put.error().kind(), ErrorKind::kPermissionDenied);
  EXPECT_THAT(put.error().message(), HasSubstr("s3:PutObject on arn:aws:s3:::bucket/in/a"));
  EXPECT_EQ(uploads.completed, 0);
  EXPECT_EQ(uploads.aborted, 1);

  Uploads gone({kComplete});
  gone.part = Refusal(404, "NoSuchUpload");
  ScriptedS3 without(gone.Handler(), InParts());
  const auto outcome = without.store().PutIfAbsent("a", kBytes);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().kind(), ErrorKind::kUnavailable) << outcome.error().message();
}

}  // namespace
}  // namespace rtl::s3
