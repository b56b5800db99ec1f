// What becomes of reads when S3 answers as AWS documents it and servers at hand never do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>

#include "s3/checksum.h"
#include "s3/testing_s3.h"

namespace rtl::s3 {
namespace {

using ::testing::HasSubstr;

std::string With(std::string_view more) {
  return std::string(kVersionHeaders) + std::string(more) + "\r\n";
}

TEST(S3Read, KeysAreSentAsTheyAre) {
  ScriptedS3 s3(Script({http::MakeReply(200, "x", kVersionHeaders)}));
  const std::pair<const char*, const char*> keys[] = {
      {"../a//b/./c", "/bucket/in/../a//b/./c"},
      {"/x", "/bucket/in//x"},
      {"a b+c%d\n?e#\xc3\xbc", "/bucket/in/a%20b%2Bc%25d%0A%3Fe%23%C3%BC"}};
  for (const auto& [key, target] : keys) {
    const auto object = s3.store().Get(key);
    ASSERT_TRUE(object) << object.error().message();
    EXPECT_EQ(object->info.key, key);
    EXPECT_EQ(s3.requests().back().target, target);
  }
}

TEST(S3Read, AWrongChecksumOrACutBodyIsReadAgain) {
  const std::string sum =
      With("x-amz-checksum-crc32c: " + Crc32cBase64("right") + "\r\nx-amz-checksum-type: FULL_OBJECT");
  ScriptedS3 s3(Script({http::MakeReply(200, "wrong", sum), http::MakeReply(200, "right", sum)}));
  EXPECT_EQ(s3.store().Get("a")->bytes, "right");
  EXPECT_EQ(s3.requests().front().header("x-amz-checksum-mode"), "ENABLED");

  ScriptedS3 wrong(Script({http::MakeReply(200, "wrong", sum)}));
  const auto object = wrong.store().Get("a");
  ASSERT_FALSE(object.has_value());
  EXPECT_EQ(object.error().kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(object.error().message(), HasSubstr("checksum"));

  // of parts: not of the whole
  ScriptedS3 parts(Script({http::MakeReply(200, "x", With("x-amz-checksum-crc32c: AAAAAA==-2"))}));
  EXPECT_TRUE(parts.store().Get("a"));
  ScriptedS3 composite(Script({http::MakeReply(
      200, "x", With("x-amz-checksum-crc32c: AAAAAA==\r\nx-amz-checksum-type: COMPOSITE"))}));
  EXPECT_TRUE(composite.store().Get("a"));

  http::Reply cut{.bytes = "HTTP/1.1 200 OK\r\n" + With("Content-Length: 5") + "\r\nrig", .close = true};
  ScriptedS3 shorter(Script({cut, http::MakeReply(200, "right", sum)}));
  EXPECT_EQ(shorter.store().Get("a")->bytes, "right");
}

TEST(S3Read, APinIsSentAndItsRefusalIsAConflict) {
  ScriptedS3 s3(Script({http::MakeReply(200, "x", kVersionHeaders), Refusal(412, "PreconditionFailed"),
                        http::MakeReply(200, "x", With("x-amz-version-id: v1")),
                        Refusal(404, "NoSuchVersion"), Refusal(405, "MethodNotAllowed")}));
  const ObjectVersion etag{.etag = "e1", .version_id = {}};
  const ObjectVersion version{.etag = "e1", .version_id = "v1"};
  EXPECT_TRUE(s3.store().Get("a", {.pin = etag, .range = {}}));
  EXPECT_EQ(s3.requests().back().header("If-Match"), "\"e1\"");
  EXPECT_EQ(s3.store().Get("a", {.pin = etag, .range = {}}).error().kind(), ErrorKind::kConflict);
  EXPECT_TRUE(s3.store().Get("a", {.pin = version, .range = {}}));
  EXPECT_EQ(s3.requests().back().target, "/bucket/in/a?versionId=v1");
  EXPECT_EQ(s3.store().Get("a", {.pin = version, .range = {}}).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(s3.store().Get("a", {.pin = version, .range = {}}).error().kind(), ErrorKind::kNotFound);
}

TEST(S3Read, WhatIsNotThePinnedVersionIsAConflictThoughTheServerLikedIt) {
  ScriptedS3 s3(Script({http::MakeReply(200, "x", kVersionHeaders)}));
  const auto object =
      s3.store().Get("a", {.pin = ObjectVersion{.etag = "e0", .version_id = {}}, .range = {}});
  EXPECT_EQ(object.error().kind(), ErrorKind::kConflict);
}

TEST(S3Read, ANullVersionIsNone) {
  ScriptedS3 s3(Script({http::MakeReply(200, "x", With("x-amz-version-id: null"))}));
  EXPECT_EQ(s3.store().Get("a")->info.version.version_id, "");
}

// An object of `size` bytes; another one from the request of that number on.
struct Changing {
  std::size_t size = 0;
  int until = 1 << 30;
  std::atomic<int> count = 0;

  http::Reply operator()(const http::ReceivedRequest& request) {
    const bool is_first = ++count <= until;
    const std::string etag = is_first ? "\"e1\"" : "\"e2\"";
    const std::string headers =
        fmt::format("ETag: {}\r\nLast-Modified: Sat, 31 Jan 2026 12:00:00 GMT\r\n", etag);
    if (const auto match = request.header("If-Match"); !match.empty() && match != etag) {
      return Refusal(412, "PreconditionFailed");
    }
    const std::string bytes(size, is_first ? 'a' : 'b');
    const std::string range = request.header("Range");
    if (range.empty()) return http::MakeReply(200, bytes, headers);
    std::size_t first = 0, last = 0;
    const auto dash = range.find('-');
    std::from_chars(range.data() + 6, range.data() + dash, first);
    std::from_chars(range.data() + dash + 1, range.data() + range.size(), last);
    if (first >= size) return Refusal(416, "InvalidRange");
    last = std::min(last, size - 1);
    return http::MakeReply(206, bytes.substr(first, last - first + 1),
                           fmt::format("{}Content-Range: bytes {}-{}/{}\r\n", headers, first, last, size));
  }
};

Options SmallParts() {
  Options options;
  options.part_bytes = 100'000;
  return options;
}

TEST(S3Read, ALargeObjectIsReadInPartsOfOneVersion) {
  Changing object{.size = 2'500'001};
  ScriptedS3 s3([&](const auto& request) { return object(request); }, SmallParts());
  const auto whole = s3.store().Get("a");
  ASSERT_TRUE(whole) << whole.error().message();
  EXPECT_EQ(whole->bytes, std::string(object.size, 'a'));
  EXPECT_EQ(whole->info.size, 2'500'001);
  EXPECT_EQ(object.count, 1 + 26) << "once to see that it is large";
  int pinned = 0;
  for (const auto& request : s3.requests()) pinned += request.header("If-Match") == "\"e1\"" ? 1 : 0;
  EXPECT_EQ(pinned, 25);
  EXPECT_EQ(s3.store().Get("a", {.pin = {}, .range = store::ByteRange{50'000, 300'000}})->bytes,
            std::string(300'000, 'a'));
}

TEST(S3Read, AnObjectThatChangesBetweenItsPartsIsNeverMixed) {
  Changing object{.size = 1'000'001, .until = 4};
  ScriptedS3 s3([&](const auto& request) { return object(request); }, SmallParts());
  const ObjectVersion pin{.etag = "e1", .version_id = {}};
  const store::ByteRange all{0, INT64_MAX};
  EXPECT_EQ(s3.store().Get("a", {.pin = pin, .range = all}).error().kind(), ErrorKind::kConflict);
  object.count = 0;
  const auto unpinned = s3.store().Get("a", {.pin = {}, .range = all});
  ASSERT_TRUE(unpinned) << unpinned.error().message();
  EXPECT_EQ(unpinned->bytes, std::string(object.size, 'b')) << "the next one will do";
  EXPECT_EQ(unpinned->info.version.etag, "e2");
}

TEST(S3Read, ARangeThatTheServerLeavesAsideIsCutHere) {
  ScriptedS3 s3(Script({http::MakeReply(200, "0123456789", kVersionHeaders)}));
  const auto object = s3.store().Get("a", {.pin = {}, .range = store::ByteRange{2, 3}});
  ASSERT_TRUE(object) << object.error().message();
  EXPECT_EQ(object->bytes, "234");
  EXPECT_EQ(object->info.size, 10);
}

TEST(S3Read, AnotherRangeThanWasAskedForIsRefused) {
  for (const char* range : {"bytes 3-5/10", "bytes 2-5/10", "bytes 2-4/*", "2-4/10", ""}) {
    ScriptedS3 s3(Script({http::MakeReply(206, "234", With(fmt::format("Content-Range: {}", range)))}));
    const auto object = s3.store().Get("a", {.pin = {}, .range = store::ByteRange{2, 3}});
    ASSERT_FALSE(object.has_value()) << range;
    EXPECT_EQ(object.error().kind(), ErrorKind::kBadData);
  }
}

TEST(S3Read, AHeadWithoutALengthIsNoEmptyObject) {
  ScriptedS3 s3([](const http::ReceivedRequest& r) {
    return r.method == "HEAD" ? ToHead(200, kVersionHeaders)
                              : http::MakeReply(206, "x", With("Content-Range: bytes 0-0/5"));
  });
  const auto head = s3.client().HeadObject("a");
  ASSERT_FALSE(head.has_value());
  EXPECT_EQ(head.error().kind(), ErrorKind::kBadData);
}

TEST(S3Read, AnAbsentBucketIsNoAbsentObject) {
  ScriptedS3 s3([](const http::ReceivedRequest& request) {
    return request.method == "HEAD" ? ToHead(404) : Refusal(404, "NoSuchBucket");
  });
  const auto head = s3.store().Head("a");
  ASSERT_FALSE(head.has_value());
  EXPECT_EQ(head.error().kind(), ErrorKind::kBadConfig) << head.error().message();
  EXPECT_EQ(s3.store().Get("a").error().kind(), ErrorKind::kBadConfig);
  EXPECT_EQ(s3.store().List("").value()->Next().error().kind(), ErrorKind::kBadConfig);

  ScriptedS3 there([](const http::ReceivedRequest& request) {
    return request.method == "HEAD" ? ToHead(404)
                                    : http::MakeReply(200, "<ListBucketResult></ListBucketResult>");
  });
  EXPECT_EQ(there.store().Head("a").error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(there.store().Head("b").error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(there.requests().size(), 3U) << "the bucket is asked for once";

  // Only of a bucket that is there one is told that one may not look at it.
  ScriptedS3 hidden([](const http::ReceivedRequest& request) {
    return request.method == "HEAD" ? ToHead(404) : Refusal(403, "AccessDenied");
  });
  EXPECT_EQ(hidden.store().Head("a").error().kind(), ErrorKind::kNotFound);
}

TEST(S3Read, AHeadThatIsRefusedAsksAGetWhy) {
  ScriptedS3 denied([](const http::ReceivedRequest& r) {
    return r.method == "HEAD" ? ToHead(403) : Refusal(403, "AccessDenied");
  });
  const auto head = denied.store().Head("a");
  ASSERT_FALSE(head.has_value());
  EXPECT_EQ(head.error().kind(), ErrorKind::kPermissionDenied);
  EXPECT_THAT(head.error().message(), HasSubstr("s3:GetObject on arn:aws:s3:::bucket/in/a"));
  EXPECT_THAT(head.error().message(), HasSubstr("said so"));

  ScriptedS3 skewed([](const http::ReceivedRequest& r) {
    return r.method == "HEAD" ? ToHead(403) : Refusal(403, "RequestTimeTooSkewed");
  });
  EXPECT_THAT(skewed.store().Head("a").error().message(), HasSubstr("clock"));

  ScriptedS3 archived([](const http::ReceivedRequest& r) {
    if (r.method == "HEAD") return ToHead(200, With("Content-Length: 1"));
    return http::MakeReply(403, ErrorXml("InvalidObjectState", "<StorageClass>DEEP_ARCHIVE</StorageClass>"));
  });
  EXPECT_TRUE(archived.store().Head("a"));
  const auto get = archived.store().Get("a");
  EXPECT_EQ(get.error().kind(), ErrorKind::kPermissionDenied);
  EXPECT_THAT(get.error().message(), HasSubstr("DEEP_ARCHIVE"));
  EXPECT_THAT(get.error().message(), HasSubstr("restore"));
}

}  // namespace
}  // namespace rtl::s3
