#include "s3/s3_client.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

#include "aws/sign.h"
#include "s3/checksum.h"

namespace rtl::s3 {
namespace {

constexpr std::string_view kDefaultRegion = "us-east-1";

bool IsVirtualHost(const std::string& bucket, const Options& options) {
  if (options.addressing != Addressing::kAuto) return options.addressing == Addressing::kVirtualHost;
  return options.endpoint.empty() && bucket.find('.') == std::string::npos;
}

std::string_view DnsSuffix(std::string_view region) {
  return region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

}  // namespace

S3Client::S3Client(std::string bucket, Options options, std::shared_ptr<http::Client> client,
                   std::shared_ptr<aws::CredentialsProvider> credentials,
                   std::shared_ptr<aws::RequestCounters> counters, const Clock& clock)
    : bucket_(std::move(bucket)),
      options_(std::move(options)),
      virtual_host_(IsVirtualHost(bucket_, options_)),
      client_(std::move(client)),
      credentials_(std::move(credentials)),
      counters_(std::move(counters)),
      clock_(clock) {
  route_.region = options_.region.empty() ? std::string(kDefaultRegion) : options_.region;
  route_.caller = MakeCaller(route_.region);
}

std::shared_ptr<aws::Caller> S3Client::MakeCaller(const std::string& region) {
  aws::Caller::Options options;
  options.scope = {.region = region, .service = "s3", .path_as_sent = true, .send_content_hash = true};
  options.retry = options_.retry;
  options.max_concurrent = options_.max_concurrent;
  return std::make_shared<aws::Caller>(client_, credentials_, options, counters_, clock_);
}

S3Client::Route S3Client::route() const {
  const std::lock_guard lock(mutex_);
  return route_;
}

std::string S3Client::region() const {
  return route().region;
}

// After an answer that named another region than the one that was `used`. False: there is nothing to change.
bool S3Client::LeaveRegion(const std::string& used, const std::string& other) {
  if (!IsRegionName(other) || other == used) return false;
  const std::lock_guard lock(mutex_);
  if (route_.region != other) route_ = {other, MakeCaller(other)};  // else another thread was here first
  return true;
}

std::string S3Client::EndpointOf(std::string_view region) const {
  if (options_.endpoint.empty()) return fmt::format("https://s3.{}.{}", region, DnsSuffix(region));
  std::string endpoint = options_.endpoint;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint;
}

std::string S3Client::endpoint() const {
  return EndpointOf(region());
}

std::string S3Client::Url(std::string_view region, std::string_view key, std::string_view query) const {
  std::string url = EndpointOf(region);
  if (virtual_host_) {
    url.insert(url.find("://") + 3, bucket_ + ".");
  } else {
    url += "/" + bucket_;
  }
  url += "/" + aws::UriEncode(key, true);
  if (!query.empty()) url += fmt::format("?{}", query);
  return url;
}

std::string S3Client::Uri(std::string_view key) const {
  return fmt::format("s3://{}/{}", bucket_, key);
}

Question S3Client::MakeQuestion(std::string_view action, std::string_view key) const {
  Question question;
  question.action = action;
  question.arn =
      key.empty() ? fmt::format("arn:aws:s3:::{}", bucket_) : fmt::format("arn:aws:s3:::{}/{}", bucket_, key);
  question.bucket = bucket_;
  return question;
}

Result<http::Response> S3Client::Send(const Ask& ask) {
  const Route first = route();
  std::string other_region;
  auto response = SendBy(first, ask, other_region);
  // Nothing is done where the signature is refused as being for another region.
  if (response || !LeaveRegion(first.region, other_region)) return response;
  return SendBy(route(), ask, other_region);
}

Result<http::Response> S3Client::SendBy(const Route& route, const Ask& ask, std::string& other_region) {
  aws::Call call;
  call.kind = ask.kind;
  call.what = ask.key.empty() ? fmt::format("s3://{}", bucket_) : Uri(ask.key);
  call.request.method = ask.method;
  call.request.url = Url(route.region, ask.key, ask.query);
  call.request.headers = ask.headers;
  if (options_.requester_pays) call.request.headers.push_back({"x-amz-request-payer", "requester"});
  call.request.body = ask.body;
  call.request.max_response_bytes = ask.max_response_bytes;
  // Over TLS the body needs no hash; without, nothing else vouches for it.
  const bool is_plain = call.request.url.starts_with("http://");
  if (!ask.body.empty() && !ask.hash_body && !is_plain) call.content_sha256 = aws::kUnsignedPayload;
  call.repeatable = ask.repeatable;
  call.judge = [&](const http::Response& response) {
    other_region = RegionIn(response);
    return Judge(ask.question, response);
  };
  return route.caller->Send(std::move(call), options_.stop);
}

void S3Client::AddCustomerKey(std::vector<http::Header>& headers, std::string_view prefix) const {
  if (options_.sse_customer_key.empty()) return;
  std::string key(options_.sse_customer_key.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(key.data()),
                                   reinterpret_cast<const unsigned char*>(options_.sse_customer_key.data()),
                                   static_cast<int>(options_.sse_customer_key.size()));
  key.resize(static_cast<std::size_t>(std::clamp(size, 0, 32)));
  headers.push_back({fmt::format("{}server-side-encryption-customer-algorithm", prefix), "AES256"});
  headers.push_back(
      {fmt::format("{}server-side-encryption-customer-key", prefix), options_.sse_customer_key});
  headers.push_back({fmt::format("{}server-side-encryption-customer-key-MD5", prefix), Base64(Md5(key))});
}

void S3Client::AddWriteHeaders(std::vector<http::Header>& headers) const {
  if (!options_.sse.empty()) headers.push_back({"x-amz-server-side-encryption", options_.sse});
  if (!options_.sse_kms_key_id.empty()) {
    headers.push_back({"x-amz-server-side-encryption-aws-kms-key-id", options_.sse_kms_key_id});
  }
  if (!options_.storage_class.empty()) headers.push_back({"x-amz-storage-class", options_.storage_class});
  AddCustomerKey(headers);
}

std::string S3Client::ChecksumOf(std::string_view bytes) const {
  switch (options_.checksum) {
    case Checksum::kCrc32c:
      return Crc32cBase64(bytes);
    case Checksum::kSha256:
      return Base64(Sha256(bytes));
    case Checksum::kNone:
      break;
  }
  return {};
}

void S3Client::AddChecksum(std::vector<http::Header>& headers, std::string_view bytes) const {
  if (options_.checksum == Checksum::kNone) return;
  const bool is_sha256 = options_.checksum == Checksum::kSha256;
  headers.push_back({is_sha256 ? "x-amz-checksum-sha256" : "x-amz-checksum-crc32c", ChecksumOf(bytes)});
}

void S3Client::AddConditions(std::vector<http::Header>& headers, const Conditions& conditions) {
  if (conditions.if_none_match) headers.push_back({"If-None-Match", "*"});
  if (!conditions.if_match.empty())
    headers.push_back({"If-Match", fmt::format("\"{}\"", conditions.if_match)});
}

}  // namespace rtl::s3
