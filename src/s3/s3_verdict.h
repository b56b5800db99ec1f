// What an answer of S3 comes to. Pure; after S3's documentation of error responses.
#pragma once

#include <string>
#include <string_view>

#include "aws/caller.h"
#include "http/client.h"

namespace rtl::s3 {

// What was asked, for a message that names the right that is missing.
struct Question {
  std::string_view action;  // "s3:GetObject"
  std::string arn;          // "arn:aws:s3:::bucket/key"
  std::string bucket;
  // Answers that are values for the caller, not errors.
  bool absent_is_a_value = false;        // 404 without a word about the bucket
  bool precondition_is_a_value = false;  // 412, 304
  bool body_is_data = false;             // an object's bytes: whatever they look like, they are no error
  bool is_conditional_put = false;       // 409 ConditionalRequestConflict may be put again
};

aws::Verdict Judge(const Question& question, const http::Response& response);

}  // namespace rtl::s3
