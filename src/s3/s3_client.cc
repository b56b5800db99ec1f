#include "s3/s3_client.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <future>

#include "aws/sign.h"
#include "s3/crc32c.h"

namespace rtl::s3 {
namespace {

constexpr std::string_view kDefaultRegion = "us-east-1";
constexpr std::size_t kKeysPerDelete = 1000;

bool IsVirtualHost(const std::string& bucket, const Options& options) {
  if (options.addressing != Addressing::kAuto) return options.addressing == Addressing::kVirtualHost;
  return options.endpoint.empty() && bucket.find('.') == std::string::npos;
}

std::string_view DnsSuffix(std::string_view region) {
  return region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

std::string Digest(std::string_view bytes, const EVP_MD* algorithm) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, algorithm, nullptr);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::int64_t ToNumber(std::string_view text, std::int64_t otherwise) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : otherwise;
}

store::ObjectInfo InfoOf(std::string_view key, const http::Response& response) {
  store::ObjectInfo info;
  info.key = key;
  info.version.etag = Unquote(response.Header("ETag"));
  info.version.version_id = response.Header("x-amz-version-id");
  if (info.version.version_id == "null") info.version.version_id.clear();
  info.modified_at = ParseHttpTime(response.Header("Last-Modified")).value_or(Timestamp());
  info.size = ToNumber(response.Header("Content-Length"), 0);
  return info;
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
      clock_(clock),
      region_(options_.region.empty() ? std::string(kDefaultRegion) : options_.region),
      caller_(MakeCaller(region_)) {}

std::shared_ptr<aws::Caller> S3Client::MakeCaller(const std::string& region) {
  aws::Caller::Options options;
  options.scope = {.region = region, .service = "s3", .path_as_sent = true, .send_content_hash = true};
  options.retry = options_.retry;
  options.max_concurrent = options_.max_concurrent;
  return std::make_shared<aws::Caller>(client_, credentials_, options, counters_, clock_);
}

std::shared_ptr<aws::Caller> S3Client::caller() const {
  const std::lock_guard lock(mutex_);
  return caller_;
}

std::string S3Client::region() const {
  const std::lock_guard lock(mutex_);
  return region_;
}

// False when that region was in use already.
bool S3Client::UseRegion(const std::string& region) {
  const std::lock_guard lock(mutex_);
  if (region.empty() || region == region_) return false;
  region_ = region;
  caller_ = MakeCaller(region);
  return true;
}

std::string S3Client::endpoint() const {
  if (!options_.endpoint.empty()) {
    std::string endpoint = options_.endpoint;
    while (endpoint.ends_with('/')) endpoint.pop_back();
    return endpoint;
  }
  const std::string at = region();
  return fmt::format("https://s3.{}.{}", at, DnsSuffix(at));
}

std::string S3Client::Url(std::string_view key, std::string_view query) const {
  std::string url = endpoint();
  const std::size_t host = url.find("://") + 3;
  if (virtual_host_) {
    url.insert(host, bucket_ + ".");
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

Result<http::Response> S3Client::Send(Ask ask) {
  if (options_.requester_pays) ask.headers.push_back({"x-amz-request-payer", "requester"});
  for (int attempt = 0;; ++attempt) {
    std::string region_hint;
    const std::shared_ptr<aws::Caller> caller = this->caller();
    aws::Call call;
    call.kind = ask.kind;
    call.what = ask.key.empty() ? fmt::format("s3://{}", bucket_) : Uri(ask.key);
    call.request.method = ask.method;
    call.request.url = Url(ask.key, ask.query);
    call.request.headers = ask.headers;
    call.request.body = ask.body;
    call.content_sha256 =
        ask.body.empty() || ask.hash_body ? std::string() : std::string(aws::kUnsignedPayload);
    // Without TLS nothing else vouches for the body: its hash is signed.
    if (call.request.url.starts_with("http://")) call.content_sha256.clear();
    call.repeatable = ask.repeatable;
    call.judge = [&](const http::Response& response) {
      aws::Verdict verdict = Judge(ask.question, response);
      if (verdict.next != aws::Verdict::Next::kDone && response.status < 500) {
        region_hint = response.Header("x-amz-bucket-region");
        if (const auto error = ParseError(response.body); error && !error->region.empty())
          region_hint = error->region;
      }
      return verdict;
    };
    auto response = caller->Send(std::move(call), options_.stop);
    if (response || attempt > 0) return response;
    // Nothing is done by a server that says the signature is for another region.
    const bool elsewhere =
        response.error().kind() == ErrorKind::kBadConfig || response.error().kind() == ErrorKind::kBadData;
    if (!elsewhere || !UseRegion(region_hint)) return response;
  }
}

void S3Client::AddCustomerKey(std::vector<http::Header>& headers) const {
  if (options_.sse_customer_key.empty()) return;
  std::string key(options_.sse_customer_key.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(key.data()),
                                   reinterpret_cast<const unsigned char*>(options_.sse_customer_key.data()),
                                   static_cast<int>(options_.sse_customer_key.size()));
  key.resize(static_cast<std::size_t>(std::clamp(size, 0, 32)));
  headers.push_back({"x-amz-server-side-encryption-customer-algorithm", "AES256"});
  headers.push_back({"x-amz-server-side-encryption-customer-key", options_.sse_customer_key});
  headers.push_back({"x-amz-server-side-encryption-customer-key-MD5", Base64(Digest(key, EVP_md5()))});
}

void S3Client::AddWriteHeaders(std::vector<http::Header>& headers) const {
  if (!options_.sse.empty()) headers.push_back({"x-amz-server-side-encryption", options_.sse});
  if (!options_.sse_kms_key_id.empty()) {
    headers.push_back({"x-amz-server-side-encryption-aws-kms-key-id", options_.sse_kms_key_id});
  }
  if (!options_.storage_class.empty()) headers.push_back({"x-amz-storage-class", options_.storage_class});
  AddCustomerKey(headers);
}

void S3Client::AddChecksum(std::vector<http::Header>& headers, std::string_view bytes) const {
  if (options_.checksum == Checksum::kCrc32c)
    headers.push_back({"x-amz-checksum-crc32c", Crc32cBase64(bytes)});
  if (options_.checksum == Checksum::kSha256) {
    headers.push_back({"x-amz-checksum-sha256", Base64(Digest(bytes, EVP_sha256()))});
  }
}

void S3Client::AddConditions(std::vector<http::Header>& headers, const Conditions& conditions) {
  if (conditions.if_none_match) headers.push_back({"If-None-Match", "*"});
  if (!conditions.if_match.empty())
    headers.push_back({"If-Match", fmt::format("\"{}\"", conditions.if_match)});
}

Result<store::Object> S3Client::GetObject(const GetRequest& request) {
  Ask ask;
  ask.kind = "GET";
  ask.key = request.key;
  ask.question =
      MakeQuestion(request.version_id.empty() ? "s3:GetObject" : "s3:GetObjectVersion", request.key);
  ask.question.body_is_data = true;
  if (!request.version_id.empty()) ask.query = "versionId=" + aws::UriEncode(request.version_id, false);
  if (!request.if_match.empty()) ask.headers.push_back({"If-Match", fmt::format("\"{}\"", request.if_match)});
  if (request.range) {
    const std::int64_t last = request.range->length > INT64_MAX - request.range->offset
                                  ? INT64_MAX
                                  : request.range->offset + request.range->length - 1;
    ask.headers.push_back({"Range", fmt::format("bytes={}-{}", request.range->offset, last)});
  } else {
    ask.headers.push_back({"x-amz-checksum-mode", "ENABLED"});
  }
  AddCustomerKey(ask.headers);
  RTL_TRY(http::Response response, Send(std::move(ask)));
  store::Object object;
  object.info = InfoOf(request.key, response);
  const std::string_view content_range = response.Header("Content-Range");
  if (const std::size_t slash = content_range.find('/'); slash != std::string_view::npos) {
    object.info.size = ToNumber(content_range.substr(slash + 1), object.info.size);
  }
  object.bytes = std::move(response.body);
  const std::string_view type = response.Header("x-amz-checksum-type");
  const std::string_view expected = response.Header("x-amz-checksum-crc32c");
  const bool is_whole = !request.range && !expected.empty() && (type.empty() || type == "FULL_OBJECT") &&
                        expected.find('-') == std::string_view::npos;
  if (is_whole && expected != Crc32cBase64(object.bytes)) {
    return Fail(
        ErrorKind::kUnavailable,
        fmt::format("GET: {}: the bytes that came do not have the checksum that S3 keeps of the object",
                    Uri(request.key)));
  }
  return object;
}

Result<std::optional<store::ObjectInfo>> S3Client::HeadObject(std::string_view key,
                                                              std::string_view version_id) {
  Ask ask;
  ask.kind = "HEAD";
  ask.method = "HEAD";
  ask.key = key;
  ask.question = MakeQuestion("s3:GetObject", key);
  ask.question.absent_is_a_value = true;
  if (!version_id.empty()) ask.query = "versionId=" + aws::UriEncode(version_id, false);
  AddCustomerKey(ask.headers);
  RTL_TRY(const http::Response response, Send(std::move(ask)));
  if (response.status == 404) return std::nullopt;
  return InfoOf(key, response);
}

Result<PutAnswer> S3Client::PutObject(std::string_view key, std::string_view bytes,
                                      const Conditions& conditions) {
  if (static_cast<std::int64_t>(bytes.size()) > options_.multipart_from_bytes) {
    return PutInParts(key, bytes, conditions);
  }
  return PutWhole(key, bytes, conditions);
}

Result<PutAnswer> S3Client::PutWhole(std::string_view key, std::string_view bytes,
                                     const Conditions& conditions) {
  const bool is_conditional = conditions.if_none_match || !conditions.if_match.empty();
  Ask ask;
  ask.kind = "PUT";
  ask.method = "PUT";
  ask.key = key;
  ask.body = bytes;
  ask.question = MakeQuestion("s3:PutObject", key);
  ask.question.precondition_is_a_value = is_conditional;
  ask.question.is_conditional_put = is_conditional;
  ask.repeatable = !is_conditional;
  AddWriteHeaders(ask.headers);
  AddChecksum(ask.headers, bytes);
  AddConditions(ask.headers, conditions);
  RTL_TRY(const http::Response response, Send(std::move(ask)));
  return response.status == 412 ? PutAnswer::kPreconditionFailed : PutAnswer::kWritten;
}

Result<PutAnswer> S3Client::PutInParts(std::string_view key, std::string_view bytes,
                                       const Conditions& conditions) {
  Ask create;
  create.kind = "POST";
  create.method = "POST";
  create.key = key;
  create.query = "uploads=";
  create.question = MakeQuestion("s3:PutObject", key);
  AddWriteHeaders(create.headers);
  if (options_.checksum != Checksum::kNone) {
    create.headers.push_back(
        {"x-amz-checksum-algorithm", options_.checksum == Checksum::kSha256 ? "SHA256" : "CRC32C"});
  }
  RTL_TRY(const http::Response created, Send(std::move(create)));
  RTL_TRY(const std::string upload, ParseUploadId(created.body));

  // At most 10,000 parts, each of 5 MiB at least but for the last.
  const std::int64_t size = static_cast<std::int64_t>(bytes.size());
  const std::int64_t part_bytes = std::max<std::int64_t>({options_.part_bytes, 5 << 20, size / 9'999 + 1});
  const auto count = static_cast<int>((size + part_bytes - 1) / part_bytes);
  std::vector<Part> parts(static_cast<std::size_t>(count));
  std::atomic<int> next = 0;
  std::mutex error_mutex;
  std::optional<Error> failed;
  {
    std::vector<std::future<void>> threads;
    threads.reserve(static_cast<std::size_t>(options_.parallel_parts));
    for (int t = 0; t < std::min(options_.parallel_parts, count); ++t) {
      threads.push_back(std::async(std::launch::async, [&] {
        for (int i = next++; i < count; i = next++) {
          auto part = PutPart(
              key, upload, i + 1,
              bytes.substr(static_cast<std::size_t>(i * part_bytes), static_cast<std::size_t>(part_bytes)));
          const std::lock_guard lock(error_mutex);
          if (!part && !failed) failed = part.error();
          if (failed) return;
          parts[static_cast<std::size_t>(i)] = std::move(*part);
        }
      }));
    }
  }
  Result<PutAnswer> answer =
      failed ? Result<PutAnswer>(Fail(*failed)) : Complete(key, upload, parts, conditions);
  // An upload whose end is not known is left to the bucket's rule for unfinished uploads: it may be the
  // object.
  const bool is_unknown = !answer && answer.error().kind() == ErrorKind::kCommitUnknown;
  const bool is_written = answer && *answer == PutAnswer::kWritten;
  if (!is_written && !is_unknown) {
    Ask abort;
    abort.kind = "DELETE";
    abort.method = "DELETE";
    abort.key = key;
    abort.query = "uploadId=" + aws::UriEncode(upload, false);
    abort.question = MakeQuestion("s3:AbortMultipartUpload", key);
    abort.question.absent_is_a_value = true;
    [[maybe_unused]] const auto aborted = Send(std::move(abort));  // the first error is the one to tell
  }
  return answer;
}

Result<Part> S3Client::PutPart(std::string_view key, const std::string& upload, int number,
                               std::string_view bytes) {
  Ask ask;
  ask.kind = "PUT";
  ask.method = "PUT";
  ask.key = key;
  ask.query = fmt::format("partNumber={}&uploadId={}", number, aws::UriEncode(upload, false));
  ask.body = bytes;
  ask.question = MakeQuestion("s3:PutObject", key);
  AddCustomerKey(ask.headers);
  AddChecksum(ask.headers, bytes);
  RTL_TRY(const http::Response response, Send(std::move(ask)));
  Part part;
  part.number = number;
  part.etag = Unquote(response.Header("ETag"));
  if (options_.checksum == Checksum::kCrc32c) part.checksum = Crc32cBase64(bytes);
  if (options_.checksum == Checksum::kSha256) part.checksum = Base64(Digest(bytes, EVP_sha256()));
  return part;
}

Result<PutAnswer> S3Client::Complete(std::string_view key, const std::string& upload,
                                     std::span<const Part> parts, const Conditions& conditions) {
  const std::string body =
      CompleteBody(parts, options_.checksum == Checksum::kSha256 ? "ChecksumSHA256" : "ChecksumCRC32C");
  const bool is_conditional = conditions.if_none_match || !conditions.if_match.empty();
  Ask ask;
  ask.kind = "POST";
  ask.method = "POST";
  ask.key = key;
  ask.query = "uploadId=" + aws::UriEncode(upload, false);
  ask.body = body;
  ask.hash_body = true;
  ask.question = MakeQuestion("s3:PutObject", key);
  ask.question.precondition_is_a_value = is_conditional;
  ask.question.is_conditional_put = is_conditional;
  ask.repeatable = !is_conditional;
  AddConditions(ask.headers, conditions);
  RTL_TRY(const http::Response response, Send(std::move(ask)));
  return response.status == 412 ? PutAnswer::kPreconditionFailed : PutAnswer::kWritten;
}

Result<> S3Client::CopyObject(std::string_view from_key, std::string_view to_key) {
  Ask ask;
  ask.kind = "COPY";
  ask.method = "PUT";
  ask.key = to_key;
  ask.question = MakeQuestion("s3:PutObject", to_key);
  ask.headers.push_back({"x-amz-copy-source", "/" + bucket_ + "/" + aws::UriEncode(from_key, true)});
  AddWriteHeaders(ask.headers);
  RTL_CHECK(Send(std::move(ask)));
  return {};
}

Result<> S3Client::DeleteObject(std::string_view key) {
  Ask ask;
  ask.kind = "DELETE";
  ask.method = "DELETE";
  ask.key = key;
  ask.question = MakeQuestion("s3:DeleteObject", key);
  ask.question.absent_is_a_value = true;
  RTL_CHECK(Send(std::move(ask)));
  return {};
}

Result<> S3Client::DeleteObjects(std::span<const std::string> keys) {
  while (!keys.empty()) {
    const auto batch = keys.first(std::min(kKeysPerDelete, keys.size()));
    keys = keys.subspan(batch.size());
    const std::string body = DeleteBody(batch);
    Ask ask;
    ask.kind = "DELETE";
    ask.method = "POST";
    ask.query = "delete=";
    ask.body = body;
    ask.hash_body = true;
    ask.question = MakeQuestion("s3:DeleteObject", "");
    ask.headers.push_back({"Content-MD5", Base64(Digest(body, EVP_md5()))});
    AddChecksum(ask.headers, body);
    RTL_TRY(const http::Response response, Send(std::move(ask)));
    RTL_TRY(const auto failures, ParseDeleteResult(response.body));
    for (const DeleteFailure& failure : failures) {
      if (failure.code == "NoSuchKey") continue;
      const bool denied = failure.code == "AccessDenied";
      return Fail(denied ? ErrorKind::kPermissionDenied : ErrorKind::kUnavailable,
                  fmt::format("DELETE: {}: {}: {}{}", Uri(failure.key), failure.code, failure.message,
                              denied ? fmt::format(" (s3:DeleteObject on arn:aws:s3:::{}/{} is needed)",
                                                   bucket_, failure.key)
                                     : std::string()));
    }
  }
  return {};
}

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
  RTL_TRY(const http::Response response, Send(std::move(ask)));
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
  RTL_TRY(const http::Response response, Send(std::move(ask)));
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
  RTL_TRY(const http::Response response, Send(std::move(ask)));
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
  RTL_TRY(const http::Response response, Send(std::move(ask)));
  return ParseVersioning(response.body);
}

Result<std::string> S3Client::GetNotifications() {
  Ask ask;
  ask.kind = "GET";
  ask.query = "notification=";
  ask.question = MakeQuestion("s3:GetBucketNotification", "");
  RTL_TRY(const http::Response response, Send(std::move(ask)));
  return response.body;
}

}  // namespace rtl::s3
