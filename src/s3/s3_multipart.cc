// PUT in parts.
#include <fmt/format.h>

#include <algorithm>

#include "aws/sign.h"
#include "s3/checksum.h"
#include "s3/parallel.h"
#include "s3/s3_client.h"

namespace rtl::s3 {
namespace {

constexpr std::int64_t kSmallestPart = 5 << 20;  // but for the last
constexpr std::int64_t kMostParts = 10'000;
constexpr int kUploads = 4;

}  // namespace

Result<PutAnswer> S3Client::PutInParts(std::string_view key, std::string_view bytes,
                                       const Conditions& conditions) {
  const bool is_conditional = conditions.if_none_match || !conditions.if_match.empty();
  for (int upload = 1;; ++upload) {
    const bool is_last = upload == kUploads;
    auto answer = UploadOnce(key, bytes, conditions);
    if (answer && *answer == CompleteAnswer::kWritten) return PutAnswer::kWritten;
    if (answer && *answer == CompleteAnswer::kPreconditionFailed) return PutAnswer::kPreconditionFailed;
    if (!answer) {
      // Without conditions it does no harm to write it all once more.
      const bool may_go_on = answer.error().kind() == ErrorKind::kCommitUnknown && !is_conditional;
      if (!may_go_on) return Fail(answer.error());
      if (is_last) return Fail(ErrorKind::kUnavailable, answer.error().message());
    } else if (is_last) {
      return Fail(ErrorKind::kUnavailable,
                  fmt::format("PUT {}: other conditional requests were under way each of {} times", Uri(key),
                              kUploads));
    }
    clock_.Sleep(options_.retry.first_pause * (1 << upload));
  }
}

Result<S3Client::CompleteAnswer> S3Client::UploadOnce(std::string_view key, std::string_view bytes,
                                                      const Conditions& conditions) {
  RTL_TRY(const std::string upload, CreateUpload(key));
  const auto size = static_cast<std::int64_t>(bytes.size());
  const std::int64_t part_bytes =
      std::max<std::int64_t>({options_.part_bytes, kSmallestPart, size / (kMostParts - 1) + 1});
  const std::int64_t count = (size + part_bytes - 1) / part_bytes;
  std::vector<Part> parts(static_cast<std::size_t>(count));
  const auto put = ForEachPiece(count, options_.parallel_parts, [&](std::int64_t i) -> Result<> {
    const std::string_view piece =
        bytes.substr(static_cast<std::size_t>(i * part_bytes), static_cast<std::size_t>(part_bytes));
    RTL_TRY(parts[static_cast<std::size_t>(i)], PutPart(key, upload, static_cast<int>(i + 1), piece));
    return {};
  });
  auto answer = put ? Complete(key, upload, parts, conditions) : Result<CompleteAnswer>(Fail(put.error()));
  // One whose end is not known is left to the bucket's rule for unfinished uploads: it may be the object.
  const bool is_unknown = !answer && answer.error().kind() == ErrorKind::kCommitUnknown;
  const bool is_written = answer && *answer == CompleteAnswer::kWritten;
  if (!is_written && !is_unknown) Abort(key, upload);
  return answer;
}

Result<std::string> S3Client::CreateUpload(std::string_view key) {
  Ask ask;
  ask.kind = "POST";
  ask.method = "POST";
  ask.key = key;
  ask.query = "uploads=";
  ask.question = MakeQuestion("s3:PutObject", key);
  AddWriteHeaders(ask.headers);
  if (options_.checksum != Checksum::kNone) {
    ask.headers.push_back(
        {"x-amz-checksum-algorithm", options_.checksum == Checksum::kSha256 ? "SHA256" : "CRC32C"});
  }
  RTL_TRY(const http::Response response, Send(ask));
  auto id = ParseUploadId(response.body);
  if (!id) return Fail(id.error().Wrap("POST " + Uri(key)));
  return id;
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
  RTL_TRY(const http::Response response, Send(ask));
  return Part{number, Unquote(response.Header("ETag")), ChecksumOf(bytes)};
}

Result<S3Client::CompleteAnswer> S3Client::Complete(std::string_view key, const std::string& upload,
                                                    std::span<const Part> parts,
                                                    const Conditions& conditions) {
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
  ask.question.conflict_is_a_value = is_conditional;  // the upload must be begun anew
  // A second time the upload would be gone, whether or not the first made the object.
  ask.repeatable = false;
  AddConditions(ask.headers, conditions);
  AddCustomerKey(ask.headers);
  RTL_TRY(const http::Response response, Send(ask));
  switch (StatusOf(response)) {
    case 412:
      return CompleteAnswer::kPreconditionFailed;
    case 409:
      return CompleteAnswer::kConflict;
    default:
      break;
  }
  if (!IsDocument(response.body, "CompleteMultipartUploadResult")) {
    return Fail(ErrorKind::kCommitUnknown,
                fmt::format("POST {}: the answer does not say that the upload is complete", Uri(key)));
  }
  return CompleteAnswer::kWritten;
}

void S3Client::Abort(std::string_view key, const std::string& upload) {
  Ask ask;
  ask.kind = "DELETE";
  ask.method = "DELETE";
  ask.key = key;
  ask.query = "uploadId=" + aws::UriEncode(upload, false);
  ask.question = MakeQuestion("s3:AbortMultipartUpload", key);
  ask.question.absent_is_a_value = true;
  [[maybe_unused]] const auto aborted = Send(ask);  // the first error is the one to tell
}

}  // namespace rtl::s3
