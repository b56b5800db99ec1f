#include "s3/s3_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "s3/s3_xml.h"

namespace rtl::s3 {
namespace {

using Next = aws::Verdict::Next;

template <std::size_t N>
bool OneOf(std::string_view code, const std::array<std::string_view, N>& codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

constexpr std::array<std::string_view, 8> kThrottled = {
    "SlowDown",   "KMS.ThrottlingException", "ServiceUnavailable", "RequestLimitExceeded",
    "Throttling", "ThrottlingException",     "TooManyRequests",    "ProvisionedThroughputExceeded"};
constexpr std::array<std::string_view, 4> kStale = {"ExpiredToken", "ExpiredTokenException",
                                                    "TokenRefreshRequired", "InvalidToken"};
constexpr std::array<std::string_view, 3> kRegion = {"AuthorizationHeaderMalformed", "PermanentRedirect",
                                                     "IllegalLocationConstraintException"};

struct CodeStatus {
  std::string_view code;
  int status;
};
// What a code would have come with, had the answer not begun with 200 already. Others: 500.
constexpr std::array<CodeStatus, 16> kStatuses = {{{"AccessDenied", 403},
                                                   {"InvalidObjectState", 403},
                                                   {"RequestTimeTooSkewed", 403},
                                                   {"PreconditionFailed", 412},
                                                   {"ConditionalRequestConflict", 409},
                                                   {"OperationAborted", 409},
                                                   {"NoSuchBucket", 404},
                                                   {"NoSuchKey", 404},
                                                   {"NoSuchUpload", 404},
                                                   {"NoSuchVersion", 404},
                                                   {"BadDigest", 400},
                                                   {"EntityTooSmall", 400},
                                                   {"InvalidArgument", 400},
                                                   {"InvalidPart", 400},
                                                   {"InvalidPartOrder", 400},
                                                   {"InvalidRequest", 400}}};

aws::Verdict Make(Next next, ErrorKind kind, const ErrorBody& error, std::string message) {
  aws::Verdict verdict;
  verdict.next = next;
  verdict.kind = kind;
  verdict.code = error.code;
  verdict.message = std::move(message);
  return verdict;
}

// White space keeps a connection open while S3 works.
std::string_view WithoutLeadingSpace(std::string_view body) {
  body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
  return body;
}

// A HEAD has no body: the status alone speaks.
ErrorBody ErrorOf(const http::Response& response) {
  if (auto error = ParseError(WithoutLeadingSpace(response.body))) return *error;
  ErrorBody error;
  error.message = fmt::format("HTTP {}", response.status);
  return error;
}

// The error in the body of an answer with a good status.
std::optional<ErrorBody> ErrorAfterAll(const http::Response& response) {
  const std::string_view body = WithoutLeadingSpace(response.body);
  if (body.substr(0, 256).find("<Error") == std::string_view::npos) return std::nullopt;
  return ParseError(body);
}

// KMS's refusals come with codes of its own, or as an AccessDenied that names an action of KMS.
bool IsOfKeyManagement(const ErrorBody& error) {
  return error.code.starts_with("KMS.") || error.message.find("kms:") != std::string::npos;
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

int StatusOf(const http::Response& response) {
  if (response.status < 200 || response.status >= 300) return response.status;
  const auto error = ErrorAfterAll(response);
  if (!error) return response.status;
  const auto known = std::find_if(kStatuses.begin(), kStatuses.end(),
                                  [&](const CodeStatus& s) { return s.code == error->code; });
  return known == kStatuses.end() ? 500 : known->status;
}

std::string RegionIn(const http::Response& response) {
  if (response.status < 300 || response.status >= 500) return {};
  const ErrorBody error = ErrorOf(response);
  return error.region.empty() ? std::string(response.Header("x-amz-bucket-region")) : error.region;
}

bool IsRegionName(std::string_view region) {
  return !region.empty() && region.size() <= 32 && std::all_of(region.begin(), region.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

aws::Verdict Judge(const Question& question, const http::Response& response) {
  const int status = question.body_is_data ? response.status : StatusOf(response);
  if (status >= 200 && status < 300) return {};
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
                            RegionIn(response)));
  }
  if (status < 500 && IsOfKeyManagement(error)) {
    return Make(Next::kFail, ErrorKind::kPermissionDenied, error,
                "the KMS key of this object or bucket cannot be used: " + error.message);
  }
  if (error.code == "NoSuchUpload") {
    return Make(Next::kFail, ErrorKind::kUnavailable, error,
                "the multipart upload is gone: somebody, or a rule of the bucket, aborted it");
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
      if (again && question.conflict_is_a_value) return {};
      aws::Verdict verdict =
          Make(again ? Next::kRetry : Next::kFail, again ? ErrorKind::kUnavailable : ErrorKind::kConflict,
               error, error.message);
      // Another conditional request was under way; this one was not carried out.
      verdict.certainly_nothing_done = again && question.is_conditional_put;
      return verdict;
    }
    case 416:
      if (question.past_the_end_is_a_value) return {};
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
