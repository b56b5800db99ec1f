// AWS Signature Version 4. Pure: the time is an argument. Checked against AWS's own vectors (data/aws_sigv4).
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/credentials.h"
#include "core/time.h"
#include "http/client.h"

namespace rtl::aws {

struct SignScope {
  std::string region;
  std::string service;  // "s3", "sqs", "sts"
  // S3: the path is signed as it is sent. Other services: it is normalised and encoded once more.
  bool path_as_sent = false;
  // S3 wants x-amz-content-sha256 among the headers.
  bool send_content_hash = false;
  // False: the session token is sent, but added after signing, as some services outside S3 want it.
  bool sign_session_token = true;
};

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

// Adds host, x-amz-date, x-amz-security-token where there is one, x-amz-content-sha256 where wanted, and
// Authorization. All headers that are there are signed. `content_sha256`: lower-case hex, kUnsignedPayload,
// or empty to hash request.body. With empty credentials (anonymous) only host is added.
void Sign(http::Request& request, const Credentials& credentials, const SignScope& scope, Timestamp now,
          std::string_view content_sha256 = {});

// The URL with the signature in its query; the headers that are there, and host, must be sent with it.
std::string Presign(const http::Request& request, const Credentials& credentials, const SignScope& scope,
                    Timestamp now, std::chrono::seconds expires, std::string_view content_sha256 = {});

// The steps, for tests and for messages about a refused signature.
std::string CanonicalRequest(const http::Request& request, const SignScope& scope,
                             std::string_view content_sha256);
// `amz_date`: 20150830T123600Z.
std::string StringToSign(const http::Request& request, const SignScope& scope, std::string_view amz_date,
                         std::string_view content_sha256);

std::string Sha256Hex(std::string_view bytes);
std::string HmacSha256(std::string_view key, std::string_view bytes);  // 32 bytes, raw
std::string UriEncode(std::string_view text, bool keep_slashes);       // all but A-Z a-z 0-9 - . _ ~

}  // namespace rtl::aws
