#include "s3/s3_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "s3/s3_xml.h"

namespace rtl::s3 {
namespace {

using Next = aws::Verdict::Next;

template <std::size_t N>
bool OneOf(std::string_view code, const std::array<std::string_view, N>& codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

constexpr std::array<std::string_view, 7> kThrottled = {"SlowDown",
                                                        "ServiceUnavailable",
                                                        "RequestLimitExceeded",
                                                        "Throttling",
                                                        "ThrottlingException",
                                                        "TooManyRequests",
                                                        "ProvisionedThroughputExceeded"};
constexpr std::array<std::string_view, 4> kStale = {"ExpiredToken", "ExpiredTokenException",
                                                    "TokenRefreshRequired", "InvalidToken"};
constexpr std::array<std::string_view, 3> kRegion = {"AuthorizationHeaderMalformed", "PermanentRedirect",
                                                     "IllegalLocationConstraintException"};
constexpr std::array<std::string_view, 5> kKeyManagement = {
    "KMS.DisabledException", "KMS.NotFoundException", "KMS.KMSInvalidStateException",
    "KMS.AccessDeniedException", "KMS.InvalidKeyUsageException"};

aws::Verdict Make(Next next, ErrorKind kind, const ErrorBody& error, std::string message) {
  aws::Verdict verdict;
  verdict.next = next;
  verdict.kind = kind;
  verdict.code = error.code;
  verdict.message = std::move(message);
  return verdict;
}

// A HEAD has no body: the status alone speaks.
ErrorBody ErrorOf(const http::Response& response) {
  if (auto error = ParseError(response.body)) return *error;
  ErrorBody error;
  error.message = fmt::format("HTTP {}", response.status);
  return error;
}

aws::Verdict Forbidden(const Question& question, const ErrorBody& error) {
  if (error.code == "RequestTimeTooSkewed") {
    return Make(Next::kClockSkew, ErrorKind::kUnavailable, error,
                "the clock here and S3's are too far apart: set this machine's clock");
  }
  if (error.code == "InvalidAccessKeyId") {
    return Make(
        Next::kCredentials, ErrorKind::kPermissionDenied, error,
        "S3 does not know this access key: check the credentials (rtloader doctor shows which are used)");
  }
  if (error.code == "SignatureDoesNotMatch") {
    return Make(Next::kFail, ErrorKind::kPermissionDenied, error,
                "the secret access key does not fit the access key, or a proxy changes requests on the way");
  }
  if (error.code == "InvalidObjectState") {
    return Make(Next::kFail, ErrorKind::kPermissionDenied, error,
                fmt::format("the object is archived (storage class {}): restore it first, then it is loaded",
                            error.storage_class.empty() ? "GLACIER or DEEP_ARCHIVE" : error.storage_class));
  }
  if (error.code == "RequestExpired") {
    return Make(Next::kClockSkew, ErrorKind::kUnavailable, error, "the request came too late to be accepted");
  }
  const std::string said = error.message.empty() ? std::string() : fmt::format(" ({})", error.message);
  return Make(Next::kFail, ErrorKind::kPermissionDenied, error,
              fmt::format("access denied: {} on {} is needed{}", question.action, question.arn, said));
}

}  // namespace

aws::Verdict Judge(const Question& question, const http::Response& response) {
  const int status = response.status;
  if (status >= 200 && status < 300) {
    // CopyObject, CompleteMultipartUpload and others may fail after the 200 is sent.
    if (!question.body_is_data && response.body.find("<Error>") < 256) {
      if (const auto error = ParseError(response.body)) {
        const bool throttled = OneOf(error->code, kThrottled);
        return Make(throttled ? Next::kSlowDown : Next::kRetry, ErrorKind::kUnavailable, *error,
                    error->message + " (in an answer that began well)");
      }
    }
    return {};
  }
  const ErrorBody error = ErrorOf(response);
  if (OneOf(error.code, kThrottled) || status == 503 || status == 429) {
    return Make(Next::kSlowDown, ErrorKind::kUnavailable, error,
                "S3 asks for fewer requests: " + error.message);
  }
  if (OneOf(error.code, kStale)) {
    return Make(Next::kCredentials, ErrorKind::kPermissionDenied, error,
                "the session token has expired or is not valid: get new credentials");
  }
  if (OneOf(error.code, kRegion) || status == 301 || status == 307) {
    return Make(Next::kFail, ErrorKind::kBadConfig, error,
                fmt::format("bucket {} lies in another region: set s3.region = \"{}\"", question.bucket,
                            error.region.empty() ? response.Header("x-amz-bucket-region") : error.region));
  }
  if (OneOf(error.code, kKeyManagement)) {
    return Make(Next::kFail, ErrorKind::kPermissionDenied, error,
                "the KMS key of this object or bucket cannot be used: " + error.message);
  }
  switch (status) {
    case 304:
    case 412:
      if (question.precondition_is_a_value) return {};
      return Make(Next::kFail, ErrorKind::kConflict, error,
                  "the object is not at the version that was asked for");
    case 400:
      if (error.code == "RequestTimeout" || error.code == "IncompleteBody") {
        return Make(Next::kRetry, ErrorKind::kUnavailable, error, error.message);
      }
      if (error.code == "BadDigest" || error.code == "XAmzContentChecksumMismatch" ||
          error.code == "XAmzContentSHA256Mismatch") {
        return Make(Next::kRetry, ErrorKind::kUnavailable, error,
                    "the bytes were changed on the way: " + error.message);
      }
      return Make(Next::kFail, ErrorKind::kBadData, error, error.message);
    case 401:
    case 403:
      return Forbidden(question, error);
    case 404:
      if (error.code == "NoSuchBucket") {
        return Make(Next::kFail, ErrorKind::kBadConfig, error,
                    fmt::format("there is no bucket {}: check its name and the endpoint", question.bucket));
      }
      if (question.absent_is_a_value) return {};
      return Make(Next::kFail, ErrorKind::kNotFound, error, "there is no such object");
    case 405:  // a GET of a delete marker by its version
      return Make(Next::kFail, ErrorKind::kNotFound, error, "that version is a delete marker");
    case 409: {
      const bool again = error.code == "ConditionalRequestConflict" || error.code == "OperationAborted";
      aws::Verdict verdict =
          Make(again ? Next::kRetry : Next::kFail, again ? ErrorKind::kUnavailable : ErrorKind::kConflict,
               error, error.message);
      // Another conditional request was under way; this one was not carried out.
      verdict.certainly_nothing_done = again && question.is_conditional_put;
      return verdict;
    }
    case 416:
      return Make(Next::kFail, ErrorKind::kBadData, error, "the object has no bytes there");
    default:
      break;
  }
  if (status >= 500 || status == 408) {
    return Make(Next::kRetry, ErrorKind::kUnavailable, error,
                fmt::format("S3 answered {}: {}", status, error.message));
  }
  return Make(Next::kFail, ErrorKind::kBadData, error,
              fmt::format("S3 answered {}: {}", status, error.message));
}

}  // namespace rtl::s3
