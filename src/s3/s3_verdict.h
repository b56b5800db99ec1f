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
  bool conflict_is_a_value = false;      // 409 ConditionalRequestConflict
  bool past_the_end_is_a_value = false;  // 416
  bool body_is_data = false;             // an object's bytes: whatever they look like, they are no error
  bool is_conditional_put = false;       // 409 ConditionalRequestConflict may be put again
};

aws::Verdict Judge(const Question& question, const http::Response& response);

// The status of an answer whose body is no object's: a copy or the end of a multipart upload may fail after
// its 200 is sent, and says so in the body.
int StatusOf(const http::Response& response);

// Where a refusal says that the bucket lies, in its body or its headers; empty: it does not say.
std::string RegionIn(const http::Response& response);
// Can `region` be a region's name? What a server says becomes a part of a host's name.
bool IsRegionName(std::string_view region);

}  // namespace rtl::s3
