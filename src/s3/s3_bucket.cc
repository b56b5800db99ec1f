// Listings, and what is to be known of the bucket itself.
#include <fmt/format.h>

#include "aws/sign.h"
#include "s3/s3_client.h"

namespace rtl::s3 {

Result<ListPage> S3Client::ListObjects(const ListRequest& request) {
  Ask ask;
  ask.kind = "LIST";
  ask.query = fmt::format("list-type=2&encoding-type=url&max-keys={}&prefix={}", request.max_keys,
                          aws::UriEncode(request.prefix, false));
  if (!request.token.empty()) {
    ask.query += "&continuation-token=" + aws::UriEncode(request.token, false);
  } else if (!request.start_after.empty()) {
    ask.query += "&start-after=" + aws::UriEncode(request.start_after, false);
  }
  ask.question = MakeQuestion("s3:ListBucket", "");
  RTL_TRY(const http::Response response, Send(ask));
  auto page = ParseListObjects(response.body);
  if (!page) return Fail(page.error().Wrap(fmt::format("LIST: {}", Uri(request.prefix))));
  return page;
}

Result<VersionsPage> S3Client::ListVersions(std::string_view prefix, std::string_view key_marker,
                                            std::string_view version_marker) {
  Ask ask;
  ask.kind = "LIST";
  ask.query =
      fmt::format("versions=&encoding-type=url&max-keys=1000&prefix={}", aws::UriEncode(prefix, false));
  if (!key_marker.empty()) ask.query += "&key-marker=" + aws::UriEncode(key_marker, false);
  if (!version_marker.empty()) ask.query += "&version-id-marker=" + aws::UriEncode(version_marker, false);
  ask.question = MakeQuestion("s3:ListBucketVersions", "");
  RTL_TRY(const http::Response response, Send(ask));
  auto page = ParseListVersions(response.body);
  if (!page) return Fail(page.error().Wrap(fmt::format("LIST: {}", Uri(prefix))));
  return page;
}

Result<> S3Client::HeadBucket(std::string* region) {
  Ask ask;
  ask.kind = "HEAD";
  ask.method = "HEAD";
  ask.question = MakeQuestion("s3:ListBucket", "");
  ask.question.absent_is_a_value = true;
  RTL_TRY(const http::Response response, Send(ask));
  if (response.status == 404) {
    return Fail(
        ErrorKind::kBadConfig,
        fmt::format("there is no bucket {} at {}: check its name and the endpoint", bucket_, endpoint()));
  }
  if (region != nullptr) *region = response.Header("x-amz-bucket-region");
  return {};
}

Result<std::string> S3Client::GetVersioning() {
  Ask ask;
  ask.kind = "GET";
  ask.query = "versioning=";
  ask.question = MakeQuestion("s3:GetBucketVersioning", "");
  RTL_TRY(const http::Response response, Send(ask));
  return ParseVersioning(response.body);
}

Result<std::string> S3Client::GetNotifications() {
  Ask ask;
  ask.kind = "GET";
  ask.query = "notification=";
  ask.question = MakeQuestion("s3:GetBucketNotification", "");
  RTL_TRY(const http::Response response, Send(ask));
  return response.body;
}

}  // namespace rtl::s3
