#include "s3/s3_xml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "s3/checksum.h"
#include "s3/s3_store.h"

namespace rtl::s3 {
namespace {

TEST(Xml, AListingOfOddKeys) {
  const auto page = ParseListObjects(R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>bucket</Name><Prefix>c%2F</Prefix><KeyCount>3</KeyCount><MaxKeys>3</MaxKeys><EncodingType>url</EncodingType>
  <IsTruncated>true</IsTruncated><NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>
  <Contents><Key>c/a+b%2Bc%25%0A%C3%BC</Key><LastModified>2026-01-31T12:00:01.000Z</LastModified>
    <ETag>&quot;9b2cf535f27731c974343645a3985328&quot;</ETag><Size>434234</Size><StorageClass>STANDARD</StorageClass></Contents>
  <Contents><Key>c//..</Key><LastModified>2026-01-31T12:00:01.000Z</LastModified><ETag>"x-2"</ETag><Size>0</Size></Contents>
</ListBucketResult>)");
  ASSERT_TRUE(page.has_value()) << page.error().message();
  ASSERT_EQ(page->objects.size(), 2U);
  EXPECT_EQ(page->objects[0].key, "c/a b+c%\n\xc3\xbc");
  EXPECT_EQ(page->objects[0].size, 434234);
  EXPECT_EQ(page->objects[0].version.etag, "9b2cf535f27731c974343645a3985328");
  EXPECT_EQ(FormatTimestamp(page->objects[0].modified_at), "2026-01-31T12:00:01.000000Z");
  EXPECT_EQ(page->objects[1].key, "c//..");
  EXPECT_EQ(page->objects[1].version.etag, "x-2");
  EXPECT_EQ(page->next_token, "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=");
}

TEST(Xml, VersionsAndDeleteMarkers) {
  const auto page = ParseListVersions(R"(<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>v1</NextVersionIdMarker>
  <DeleteMarker><Key>k</Key><VersionId>v3</VersionId><IsLatest>true</IsLatest>
    <LastModified>2026-01-31T12:00:02.000Z</LastModified></DeleteMarker>
  <Version><Key>k</Key><VersionId>v2</VersionId><IsLatest>false</IsLatest>
    <LastModified>2026-01-31T12:00:01.000Z</LastModified><ETag>"e"</ETag><Size>7</Size></Version>
  <Version><Key>k</Key><VersionId>null</VersionId><IsLatest>false</IsLatest>
    <LastModified>2026-01-31T12:00:00.000Z</LastModified><ETag>"f"</ETag><Size>8</Size></Version>
</ListVersionsResult>)");
  ASSERT_TRUE(page.has_value()) << page.error().message();
  ASSERT_EQ(page->versions.size(), 3U);
  EXPECT_TRUE(page->versions[0].is_delete_marker);
  EXPECT_TRUE(page->versions[0].is_latest);
  EXPECT_EQ(page->versions[0].info.version.version_id, "v3");
  EXPECT_EQ(page->versions[1].info.size, 7);
  EXPECT_EQ(page->versions[2].info.version.version_id, "") << "a suspended bucket's null is no version";
  EXPECT_TRUE(page->truncated);
  EXPECT_EQ(page->next_version, "v1");
}

TEST(Xml, DeleteMarkersThatAreListedApartAreKeptWithTheirKeys) {
  const auto page = ParseListVersions(R"(<ListVersionsResult>
  <DeleteMarker><Key>b</Key><VersionId>b2</VersionId><IsLatest>true</IsLatest><LastModified>2026-01-31T12:00:02.000Z</LastModified></DeleteMarker>
  <DeleteMarker><Key>c</Key><VersionId>c2</VersionId><IsLatest>false</IsLatest><LastModified>2026-01-31T12:00:02.000Z</LastModified></DeleteMarker>
  <Version><Key>a</Key><VersionId>a1</VersionId><IsLatest>true</IsLatest><LastModified>2026-01-31T12:00:01.000Z</LastModified><ETag>"e"</ETag><Size>7</Size></Version>
  <Version><Key>b</Key><VersionId>b1</VersionId><IsLatest>false</IsLatest><LastModified>2026-01-31T12:00:01.000Z</LastModified><ETag>"e"</ETag><Size>7</Size></Version>
  <Version><Key>c</Key><VersionId>c3</VersionId><IsLatest>true</IsLatest><LastModified>2026-01-31T12:00:03.000Z</LastModified><ETag>"e"</ETag><Size>7</Size></Version>
  <Version><Key>c</Key><VersionId>c1</VersionId><IsLatest>false</IsLatest><LastModified>2026-01-31T12:00:01.000Z</LastModified><ETag>"e"</ETag><Size>7</Size></Version>
</ListVersionsResult>)");
  ASSERT_TRUE(page.has_value()) << page.error().message();
  std::vector<std::string> ids;
  for (const auto& version : page->versions) ids.push_back(version.info.version.version_id);
  EXPECT_THAT(ids, ::testing::ElementsAre("a1", "b2", "b1", "c3", "c2", "c1"));
}

TEST(Xml, TheNewestIsFirstAlsoWhereAMarkerOfTheSameSecondIsListedApart) {
  const auto page = ParseListVersions(R"(<ListVersionsResult>
  <DeleteMarker><Key>a</Key><VersionId>02</VersionId><IsLatest>false</IsLatest><LastModified>2026-01-31T12:00:00Z</LastModified></DeleteMarker>
  <Version><Key>a</Key><VersionId>03</VersionId><IsLatest>true</IsLatest><LastModified>2026-01-31T12:00:00Z</LastModified><ETag>"e"</ETag><Size>7</Size></Version>
  <Version><Key>a</Key><VersionId>01</VersionId><IsLatest>false</IsLatest><LastModified>2026-01-31T12:00:00Z</LastModified><ETag>"e"</ETag><Size>7</Size></Version>
</ListVersionsResult>)");
  ASSERT_TRUE(page.has_value()) << page.error().message();
  std::vector<std::string> ids;
  for (const auto& version : page->versions) ids.push_back(version.info.version.version_id);
  EXPECT_THAT(ids, ::testing::ElementsAre("03", "02", "01"));
}

TEST(Xml, VersionsOfOneSecondStayAsTheyAreListed) {
  const auto page = ParseListVersions(R"(<ListVersionsResult>
  <Version><Key>a</Key><VersionId>q</VersionId><IsLatest>true</IsLatest><LastModified>2026-01-31T12:00:00.000Z</LastModified><ETag>"e"</ETag><Size>7</Size></Version>
  <DeleteMarker><Key>a</Key><VersionId>a</VersionId><IsLatest>false</IsLatest><LastModified>2026-01-31T12:00:00.000Z</LastModified></DeleteMarker>
  <Version><Key>a</Key><VersionId>z</VersionId><IsLatest>false</IsLatest><LastModified>2026-01-31T12:00:00.000Z</LastModified><ETag>"e"</ETag><Size>7</Size></Version>
</ListVersionsResult>)");
  ASSERT_TRUE(page.has_value()) << page.error().message();
  EXPECT_EQ(page->versions[1].info.version.version_id, "a") << "AWS's ids say nothing of their order";
}

TEST(Xml, WhatIsNoAnswerIsAnError) {
  for (const char* text :
       {"", "no xml", "<html><body>proxy</body></html>", "<ListBucketResult>",
        "<ListBucketResult><Contents><Key>k</Key><Size>-1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>k</Key><Size>x</Size></Contents></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<Error><Code>X</Code></Error>"}) {
    EXPECT_FALSE(ParseListObjects(text).has_value()) << text;
  }
  EXPECT_FALSE(ParseError("<ListBucketResult/>").has_value());
  EXPECT_FALSE(ParseUploadId("<InitiateMultipartUploadResult/>").has_value());
}

TEST(Xml, DeletesOfOddKeys) {
  const std::vector<std::string> keys = {"a&b<c>", "line\nbreak"};
  EXPECT_THAT(DeleteBody(keys), ::testing::HasSubstr("<Key>a&amp;b&lt;c&gt;</Key>"));
  EXPECT_THAT(DeleteBody(keys), ::testing::HasSubstr("<Key>line&#10;break</Key>"));
  EXPECT_TRUE(FitsXml("a\t\n\r\xc3\xbc\x7f"));
  EXPECT_FALSE(FitsXml("a\x01"));
  EXPECT_FALSE(FitsXml("a\xef\xbf\xbf"));
  const auto failures = ParseDeleteResult(
      "<DeleteResult><Error><Key>k</Key><Code>AccessDenied</Code><Message>no</Message></Error></"
      "DeleteResult>");
  ASSERT_TRUE(failures.has_value());
  ASSERT_EQ(failures->size(), 1U);
  EXPECT_EQ(failures->front().code, "AccessDenied");
}

TEST(Crc32c, KnownValues) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aaU);  // RFC 3720, B.4
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(Crc32c("56789", Crc32c("1234")), 0xe3069283U);
  EXPECT_EQ(Crc32cBase64("123456789"), "4waSgw==");
  EXPECT_EQ(Base64("a"), "YQ==");
  EXPECT_EQ(Base64("ab"), "YWI=");
  EXPECT_EQ(Base64(""), "");
}

TEST(ParseUri, Places) {
  EXPECT_EQ(ParseUri("s3://b")->prefix, "");
  EXPECT_EQ(ParseUri("s3://b/")->prefix, "");
  EXPECT_EQ(ParseUri("s3://b/a/c")->prefix, "a/c/");
  EXPECT_EQ(ParseUri("s3a://my.bucket/a/")->bucket, "my.bucket");
  for (const char* bad : {"s3://", "s3:///x", "http://b/x", "b/x", "s3://b?c/x", "s3://a b/"}) {
    const auto location = ParseUri(bad);
    ASSERT_FALSE(location.has_value()) << bad;
    EXPECT_EQ(location.error().kind(), ErrorKind::kBadConfig);
  }
}

}  // namespace
}  // namespace rtl::s3
