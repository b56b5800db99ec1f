// Regions, credentials, listings: answers as AWS documents them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "s3/testing_s3.h"

namespace rtl::s3 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// S3 in eu-west-1, whatever region requests are signed for.
http::Reply InIreland(const http::ReceivedRequest& request) {
  if (request.header("Authorization").find("/eu-west-1/s3/") == std::string::npos) {
    const std::string header = "x-amz-bucket-region: eu-west-1\r\n";
    if (request.method == "HEAD") return ToHead(400, header);
    return http::MakeReply(400, ErrorXml("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"),
                           header);
  }
  if (request.method == "HEAD") return ToHead(200, std::string(kVersionHeaders) + "Content-Length: 1\r\n");
  return http::MakeReply(200, "x", kVersionHeaders);
}

TEST(S3Region, IsCorrectedOnceAndKept) {
  ScriptedS3 s3(InIreland);
  EXPECT_TRUE(s3.store().Head("a"));
  EXPECT_TRUE(s3.store().Get("a"));
  EXPECT_TRUE(s3.store().Put("a", "x"));
  EXPECT_EQ(s3.requests().size(), 4U);
}

TEST(S3Region, IsCorrectedForAllThreadsThatWereWrong) {
  ScriptedS3 s3(InIreland);
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 16; ++t) {
      threads.emplace_back([&] { failed += s3.store().Get("a") ? 0 : 1; });
    }
  }
  EXPECT_EQ(failed, 0);
}

TEST(S3Region, ThatIsRefusedAsWellIsTold) {
  ScriptedS3 s3(
      Script({http::MakeReply(301, ErrorXml("PermanentRedirect"), "x-amz-bucket-region: eu-west-1\r\n")}));
  const auto get = s3.store().Get("a");
  EXPECT_EQ(get.error().kind(), ErrorKind::kBadConfig);
  EXPECT_THAT(get.error().message(), HasSubstr("s3.region = \"eu-west-1\""));
  EXPECT_EQ(s3.requests().size(), 2U);
}

TEST(S3Region, ThatCannotBeOneIsNotBelieved) {
  ScriptedS3 s3(Script(
      {http::MakeReply(301, ErrorXml("PermanentRedirect"), "x-amz-bucket-region: evil.example/x?\r\n")}));
  EXPECT_EQ(s3.store().Get("a").error().kind(), ErrorKind::kBadConfig);
  EXPECT_EQ(s3.requests().size(), 1U);
}

std::string Contents(std::string_view key) {
  return fmt::format(
      "<Contents><Key>{}</Key><LastModified>2026-01-31T12:00:01.500Z</LastModified><ETag>\"e\"</ETag>"
      "<Size>1</Size></Contents>",
      key);
}
http::Reply Listing(std::string_view contents, std::string_view token = {}) {
  return http::MakeReply(
      200, fmt::format("<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{}</IsTruncated>"
                       "<NextContinuationToken>{}</NextContinuationToken>{}</ListBucketResult>",
                       token.empty() ? "false" : "true", token, contents));
}

std::vector<std::string> Keys(store::ObjectStore& store) {
  const auto all = ListAll(store, "");
  if (!all) return {all.error().message()};
  std::vector<std::string> keys;
  for (const auto& info : *all) keys.push_back(info.key);
  return keys;
}

TEST(S3List, TheFolderItselfIsNoKeyOfTheStore) {
  ScriptedS3 s3(Script({Listing(Contents("in/") + Contents("in/%2B+a%0A"))}));
  EXPECT_THAT(Keys(s3.store()), ElementsAre("+ a\n"));
  EXPECT_THAT(s3.requests().front().target, HasSubstr("prefix=in%2F"));
  EXPECT_THAT(s3.requests().front().target, HasSubstr("encoding-type=url"));
}

TEST(S3List, APageWithoutKeysIsNotTheEnd) {
  ScriptedS3 s3(Script({Listing("", "t1"), Listing("", "t2"), Listing(Contents("in/a"))}));
  EXPECT_THAT(Keys(s3.store()), ElementsAre("a"));
  EXPECT_THAT(s3.requests().back().target, HasSubstr("continuation-token=t2"));
}

TEST(S3List, KeysOutOfOrderAreAnError) {
  ScriptedS3 s3(Script({Listing(Contents("in/b") + Contents("in/a"))}));
  EXPECT_THAT(Keys(s3.store()), ElementsAre(HasSubstr("in the order")));
}

TEST(S3List, AListingAndAHeadAgreeOnTheTime) {
  ScriptedS3 s3(Script({Listing(Contents("in/a"))}));
  EXPECT_EQ(FormatTimestamp(ListAll(s3.store(), "")->front().modified_at), "2026-01-31T12:00:01.000000Z");
}

TEST(S3List, AnErrorOfAVersionsPageIsNotItsEnd) {
  ScriptedS3 s3(
      Script({http::MakeReply(
                  200,
                  "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>in/a</NextKeyMarker>"
                  "<NextVersionIdMarker>v1</NextVersionIdMarker><Version><Key>in/a</Key>"
                  "<VersionId>v1</VersionId><LastModified>2026-01-31T12:00:01.000Z</LastModified>"
                  "<ETag>\"e\"</ETag><Size>1</Size></Version></ListVersionsResult>"),
              Refusal(403, "AccessDenied")}));
  const auto lister = s3.store().ListVersions("").value();
  EXPECT_EQ(lister->Next()->size(), 1U);
  for (int i = 0; i < 2; ++i) {
    const auto next = lister->Next();
    ASSERT_FALSE(next.has_value());
    EXPECT_THAT(next.error().message(), HasSubstr("s3:ListBucketVersions on arn:aws:s3:::bucket"));
  }
}

TEST(S3Requests, CarryWhatTheOptionsSay) {
  Options options;
  options.requester_pays = true;
  options.sse = "aws:kms";
  options.sse_kms_key_id = "key-1";
  options.storage_class = "STANDARD_IA";
  options.checksum = Checksum::kSha256;
  ScriptedS3 s3(Script({http::MakeReply(200, "", kVersionHeaders)}), options);
  ASSERT_TRUE(s3.store().Put("a", "x"));
  const auto put = s3.requests().back();
  EXPECT_EQ(put.header("x-amz-request-payer"), "requester");
  EXPECT_EQ(put.header("x-amz-server-side-encryption"), "aws:kms");
  EXPECT_EQ(put.header("x-amz-server-side-encryption-aws-kms-key-id"), "key-1");
  EXPECT_EQ(put.header("x-amz-storage-class"), "STANDARD_IA");
  EXPECT_EQ(put.header("x-amz-checksum-sha256"), "LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=");
  EXPECT_EQ(put.header("x-amz-security-token"), "secret-token");

  Options with_key;
  with_key.sse_customer_key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
  ScriptedS3 own(Script({http::MakeReply(200, "", kVersionHeaders)}), with_key);
  ASSERT_TRUE(own.store().Get("a"));
  const auto get = own.requests().back();
  EXPECT_EQ(get.header("x-amz-server-side-encryption-customer-algorithm"), "AES256");
  EXPECT_EQ(get.header("x-amz-server-side-encryption-customer-key"), with_key.sse_customer_key);
  EXPECT_EQ(get.header("x-amz-server-side-encryption-customer-key-MD5").size(), 24U);
}

TEST(S3Requests, EveryKindIsCounted) {
  ScriptedS3 s3([](const http::ReceivedRequest& request) {
    if (request.method == "HEAD") return ToHead(200, std::string(kVersionHeaders) + "Content-Length: 1\r\n");
    if (request.target.find("list-type=2") != std::string::npos) return Listing("");
    return http::MakeReply(200, "", kVersionHeaders);
  });
  ASSERT_TRUE(s3.store().Get("a"));
  ASSERT_TRUE(s3.store().Head("a"));
  ASSERT_TRUE(s3.store().Put("a", "xyz"));
  ASSERT_TRUE(s3.store().Delete("a"));
  ASSERT_TRUE(ListAll(s3.store(), ""));
  const auto counted = s3.counted();
  for (const char* kind : {"GET", "HEAD", "PUT", "DELETE", "LIST"}) {
    ASSERT_TRUE(counted.requests.contains(kind)) << kind;
    EXPECT_EQ(counted.requests.at(kind), 1) << kind;
  }
  EXPECT_EQ(counted.bytes_sent, 3);
}

}  // namespace
}  // namespace rtl::s3
