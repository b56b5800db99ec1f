#include "aws/sign.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace rtl::aws {
namespace {
namespace fs = std::filesystem;

std::optional<fs::path> Vectors() {
  if (const char* given = std::getenv("RTLOADER_CORPORA")) return fs::path(given) / "aws_sigv4";
  for (fs::path at = RTLOADER_SOURCE_DIR; at.has_relative_path(); at = at.parent_path()) {
    if (fs::is_directory(at / "shared/data/aws_sigv4")) return at / "shared/data/aws_sigv4";
  }
  return std::nullopt;
}

std::string Read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A request as the vectors write it; a header may go on in lines that begin with a blank.
http::Request ParseRequest(const std::string& text, std::string& body) {
  http::Request request;
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  request.method = line.substr(0, first);
  const std::string target = line.substr(first + 1, last - first - 1);
  std::string host;
  while (std::getline(lines, line) && !line.empty()) {
    if (line.front() == ' ') {
      request.headers.back().value += "\n" + line;
      continue;
    }
    const std::size_t colon = line.find(':');
    request.headers.push_back({line.substr(0, colon), line.substr(colon + 1)});
    if (request.headers.back().name == "Host") host = request.headers.back().value;
  }
  body.assign(std::istreambuf_iterator<char>(lines), {});
  request.url = "https://" + host + target;
  request.body = body;
  return request;
}

TEST(Sign, ReproducesTheVectors) {
  const auto vectors = Vectors();
  if (!vectors || !fs::is_directory(*vectors)) GTEST_SKIP() << "no test corpora (RTLOADER_CORPORA)";
  int checked = 0;
  for (const auto& entry : fs::directory_iterator(*vectors)) {
    SCOPED_TRACE(entry.path().filename().string());
    simdjson::dom::parser parser;
    simdjson::dom::element context;
    ASSERT_EQ(parser.load((entry.path() / "context.json").string()).get(context), simdjson::SUCCESS);
    const auto text = [&](simdjson::dom::element at, const char* name) {
      std::string_view value;
      return at[name].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
    };
    const auto flag = [&](const char* name) {
      bool value = false;
      return context[name].get(value) == simdjson::SUCCESS && value;
    };
    simdjson::dom::element keys;
    ASSERT_EQ(context["credentials"].get(keys), simdjson::SUCCESS);
    const Credentials credentials{text(keys, "access_key_id"), text(keys, "secret_access_key"), text(keys, "token"),
                                  std::nullopt, "vector"};
    SignScope scope;
    scope.region = text(context, "region");
    scope.service = text(context, "service");
    scope.normalise_path = flag("normalize");
    scope.send_content_hash = flag("sign_body");
    scope.token_unsigned = flag("omit_session_token");
    ASSERT_EQ(text(context, "timestamp"), "2015-08-30T12:36:00Z");
    const Timestamp now = FromMicros(1'440'938'160'000'000);
    std::int64_t expires = 0;
    ASSERT_EQ(context["expiration_in_seconds"].get(expires), simdjson::SUCCESS);

    std::string body;
    const http::Request request = ParseRequest(Read(entry.path() / "request.txt"), body);
    http::Request signed_request = request;
    Sign(signed_request, credentials, scope, now);
    std::string authorization;
    for (const auto& header : signed_request.headers) {
      if (header.name == "Authorization") authorization = header.value;
    }
    EXPECT_TRUE(authorization.ends_with("Signature=" + Read(entry.path() / "header-signature.txt")))
        << authorization << "\n"
        << Read(entry.path() / "header-canonical-request.txt");

    const std::string url = Presign(request, credentials, scope, now, std::chrono::seconds(expires));
    EXPECT_NE(url.find("X-Amz-Signature=" + Read(entry.path() / "query-signature.txt")), std::string::npos)
        << url << "\n"
        << Read(entry.path() / "query-canonical-request.txt");
    ++checked;
  }
  EXPECT_GE(checked, 38);
}

TEST(Sign, AnonymousRequestsAreNotSigned) {
  http::Request request;
  request.url = "http://127.0.0.1:9000/bucket/key?x=1";
  Sign(request, {}, {.region = "r", .service = "s3", .path_as_sent = true, .send_content_hash = true},
       FromMicros(0));
  ASSERT_EQ(request.headers.size(), 1U);
  EXPECT_EQ(request.headers[0].name, "Host");
  EXPECT_EQ(request.headers[0].value, "127.0.0.1:9000");
}

TEST(Sign, S3SignsThePathAsItIsSent) {
  http::Request request;
  request.url = "https://bucket.s3.amazonaws.com/a//b/../%2F%20x";
  const SignScope scope{.region = "us-east-1", .service = "s3", .path_as_sent = true, .send_content_hash = true};
  EXPECT_TRUE(CanonicalRequest(request, scope, kUnsignedPayload).starts_with("GET\n/a//b/../%2F%20x\n\n"));
}

}  // namespace
}  // namespace rtl::aws
