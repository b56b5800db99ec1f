// PUT, copy and DELETE.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/sign.h"
#include "s3/checksum.h"
#include "s3/s3_client.h"

namespace rtl::s3 {
namespace {

constexpr std::size_t kKeysPerDelete = 1000;
constexpr int kDeleteRounds = 4;

// Of one key among many: it may do better in the next round.
bool MayPass(std::string_view code) {
  constexpr std::array<std::string_view, 4> kPassing = {"InternalError", "SlowDown", "ServiceUnavailable",
                                                        "OperationAborted"};
  return std::find(kPassing.begin(), kPassing.end(), code) != kPassing.end();
}

}  // namespace

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
  ask.question.absent_is_a_value = !conditions.if_match.empty();
  ask.repeatable = !is_conditional;
  AddWriteHeaders(ask.headers);
  AddChecksum(ask.headers, bytes);
  AddConditions(ask.headers, conditions);
  RTL_TRY(const http::Response response, Send(ask));
  // If-Match where there is nothing to match: 404.
  return response.status == 412 || response.status == 404 ? PutAnswer::kPreconditionFailed
                                                          : PutAnswer::kWritten;
}

Result<> S3Client::CopyObject(std::string_view from_key, std::string_view to_key) {
  Ask ask;
  ask.kind = "COPY";
  ask.method = "PUT";
  ask.key = to_key;
  ask.question = MakeQuestion("s3:PutObject", to_key);
  ask.headers.push_back({"x-amz-copy-source", "/" + bucket_ + "/" + aws::UriEncode(from_key, true)});
  AddWriteHeaders(ask.headers);
  AddCustomerKey(ask.headers, "x-amz-copy-source-");
  RTL_TRY(const http::Response response, Send(ask));
  if (!IsDocument(response.body, "CopyObjectResult")) {
    return Fail(ErrorKind::kUnavailable,
                fmt::format("COPY {}: the answer does not say that it was copied", Uri(to_key)));
  }
  return {};
}

Result<> S3Client::DeleteObject(std::string_view key) {
  Ask ask;
  ask.kind = "DELETE";
  ask.method = "DELETE";
  ask.key = key;
  ask.question = MakeQuestion("s3:DeleteObject", key);
  ask.question.absent_is_a_value = true;
  RTL_CHECK(Send(ask));
  return {};
}

Result<> S3Client::DeleteObjects(std::span<const std::string> keys) {
  std::vector<std::string> batch;
  for (std::size_t at = 0; at < keys.size(); ++at) {
    if (FitsXml(keys[at])) {
      batch.push_back(keys[at]);
    } else {
      RTL_CHECK(DeleteObject(keys[at]));
    }
    const bool is_last = at + 1 == keys.size();
    if (batch.size() < kKeysPerDelete && !is_last) continue;
    for (int round = 1; !batch.empty(); ++round) {
      RTL_TRY(batch, DeleteBatch(batch));
      if (batch.empty()) break;
      if (round == kDeleteRounds) {
        return Fail(ErrorKind::kUnavailable,
                    fmt::format("DELETE {}: and {} more objects could not be deleted in {} rounds",
                                Uri(batch.front()), batch.size() - 1, kDeleteRounds));
      }
      clock_.Sleep(options_.retry.first_pause * (1 << round));
    }
  }
  return {};
}

// At most kKeysPerDelete keys. Those that may be tried again.
Result<std::vector<std::string>> S3Client::DeleteBatch(std::span<const std::string> keys) {
  const std::string body = DeleteBody(keys);
  Ask ask;
  ask.kind = "DELETE";
  ask.method = "POST";
  ask.query = "delete=";
  ask.body = body;
  ask.hash_body = true;
  ask.question = MakeQuestion("s3:DeleteObject", "");
  ask.question.arn += "/*";
  ask.headers.push_back({"Content-MD5", Base64(Md5(body))});
  AddChecksum(ask.headers, body);
  RTL_TRY(const http::Response response, Send(ask));
  auto failures = ParseDeleteResult(response.body);
  if (!failures) return Fail(failures.error().Wrap(fmt::format("DELETE s3://{}", bucket_)));
  std::vector<std::string> again;
  for (const DeleteFailure& failure : *failures) {
    if (failure.code == "NoSuchKey") continue;
    if (MayPass(failure.code)) {
      again.push_back(failure.key);
      continue;
    }
    const bool denied = failure.code == "AccessDenied";
    return Fail(denied ? ErrorKind::kPermissionDenied : ErrorKind::kUnavailable,
                fmt::format("DELETE {}: {}: {}{}", Uri(failure.key), failure.code, failure.message,
                            denied ? fmt::format(" (s3:DeleteObject on arn:aws:s3:::{}/{} is needed)",
                                                 bucket_, failure.key)
                                   : std::string()));
  }
  return again;
}

}  // namespace rtl::s3
