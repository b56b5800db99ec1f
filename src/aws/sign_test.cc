#include "aws/sign.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace rtl::aws {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

fs::path Vectors() {
  std::error_code ignored;
  if (const char* root = std::getenv("RTLOADER_CORPORA")) {
    return fs::exists(fs::path(root) / "aws_sigv4", ignored) ? fs::path(root) / "aws_sigv4" : fs::path();
  }
  for (fs::path folder = fs::path(RTLOADER_SOURCE_DIR); folder.has_relative_path();
       folder = folder.parent_path()) {
    if (fs::exists(folder / "../shared/data/aws_sigv4", ignored)) return folder / "../shared/data/aws_sigv4";
  }
  return {};
}

std::string Read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string Stripped(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// One folder of the corpus.
struct Vector {
  http::Request request;
  std::string target;
  std::string body;
  Credentials credentials;
  SignScope scope;
  std::string timestamp;
  std::chrono::seconds expires{0};
};

void ParseRequest(const std::string& text, Vector& vector) {
  const auto blank = text.find("\n\n");
  std::istringstream head(text.substr(0, blank));
  if (blank != std::string::npos) vector.body = text.substr(blank + 2);
  std::string line;
  std::getline(head, line);
  const auto method_end = line.find(' ');
  vector.request.method = line.substr(0, method_end);
  vector.target = line.substr(method_end + 1, line.rfind(' ') - method_end - 1);
  while (std::getline(head, line)) {
    if (line.front() == ' ') {
      vector.request.headers.back().value += "\n" + line;
    } else {
      const auto colon = line.find(':');
      vector.request.headers.push_back({line.substr(0, colon), line.substr(colon + 1)});
    }
  }
  vector.request.url = "https://example.amazonaws.com" + vector.target;
}

Vector Load(const fs::path& folder) {
  Vector vector;
  ParseRequest(Stripped(Read(folder / "request.txt")), vector);
  simdjson::dom::parser parser;
  simdjson::dom::element context;
  EXPECT_EQ(parser.parse(Read(folder / "context.json")).get(context), simdjson::SUCCESS);
  const auto text = [&](const char* pointer) {
    std::string_view value;
    return context.at_pointer(pointer).get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
  };
  const auto flag = [&](const char* pointer, bool otherwise) {
    bool value = otherwise;
    return context.at_pointer(pointer).get(value) == simdjson::SUCCESS ? value : otherwise;
  };
  vector.credentials.access_key_id = text("/credentials/access_key_id");
  vector.credentials.secret_access_key = text("/credentials/secret_access_key");
  vector.credentials.session_token = text("/credentials/token");
  vector.scope.region = text("/region");
  vector.scope.service = text("/service");
  vector.scope.path_as_sent = !flag("/normalize", true);
  vector.scope.send_content_hash = flag("/sign_body", false);
  vector.scope.sign_session_token = !flag("/omit_session_token", false);
  vector.timestamp = text("/timestamp");
  std::int64_t seconds = 0;
  EXPECT_EQ(context["expiration_in_seconds"].get(seconds), simdjson::SUCCESS);
  vector.expires = std::chrono::seconds(seconds);
  return vector;
}

// The only time of the vectors.
constexpr std::string_view kTime = "2015-08-30T12:36:00Z";
const Timestamp kNow = std::chrono::sys_days(std::chrono::year(2015) / 8 / 30) + 12h + 36min;

std::string RequestText(const Vector& vector, const std::vector<http::Header>& headers,
                        const std::string& target) {
  std::string text = vector.request.method + " " + target + " HTTP/1.1\n";
  for (const auto& header : headers) text += header.name + ":" + header.value + "\n";
  return text + "\n" + vector.body;
}

TEST(SignVectors, All) {
  const fs::path root = Vectors();
  if (root.empty()) GTEST_SKIP() << "no corpus aws_sigv4: set RTLOADER_CORPORA";
  int count = 0;
  for (const auto& entry : fs::directory_iterator(root)) {
    SCOPED_TRACE(entry.path().filename().string());
    Vector vector = Load(entry.path());
    vector.request.body = vector.body;
    ASSERT_EQ(vector.timestamp, kTime);
    const auto expected = [&](const char* name) { return Stripped(Read(entry.path() / name)); };
    ++count;

    http::Request by_header = vector.request;
    Sign(by_header, vector.credentials, vector.scope, kNow);
    EXPECT_EQ(Stripped(RequestText(vector, by_header.headers, vector.target)),
              expected("header-signed-request.txt"));
    EXPECT_TRUE(by_header.headers.back().value.ends_with("Signature=" + expected("header-signature.txt")));

    // the steps: the signed headers are all but Authorization and an unsigned token
    http::Request steps = by_header;
    std::erase_if(steps.headers, [&](const http::Header& header) {
      return header.name == "Authorization" ||
             (header.name == "X-Amz-Security-Token" && !vector.scope.sign_session_token);
    });
    EXPECT_EQ(CanonicalRequest(steps, vector.scope, {}), expected("header-canonical-request.txt"));
    EXPECT_EQ(StringToSign(steps, vector.scope, "20150830T123600Z", {}),
              expected("header-string-to-sign.txt"));

    const std::string url = Presign(vector.request, vector.credentials, vector.scope, kNow, vector.expires);
    EXPECT_TRUE(url.ends_with("&X-Amz-Signature=" + expected("query-signature.txt")));
    const std::string target = url.substr(std::string("https://example.amazonaws.com").size());
    EXPECT_EQ(Stripped(RequestText(vector, vector.request.headers, target)),
              expected("query-signed-request.txt"));
    http::Request query_steps = vector.request;
    query_steps.url = url.substr(0, url.find("&X-Amz-Signature="));
    if (!vector.scope.sign_session_token) {
      query_steps.url = query_steps.url.substr(0, query_steps.url.find("&X-Amz-Security-Token="));
    }
    EXPECT_EQ(CanonicalRequest(query_steps, vector.scope, {}), expected("query-canonical-request.txt"));
    EXPECT_EQ(StringToSign(query_steps, vector.scope, "20150830T123600Z", {}),
              expected("query-string-to-sign.txt"));
  }
  EXPECT_GE(count, 37);
}

Credentials Example() {
  return {.access_key_id = "AKIDEXAMPLE", .secret_access_key = "secret"};
}

TEST(Sign, S3PathIsSignedAsSent) {
  http::Request request{.url = "https://b.s3.amazonaws.com/a//b/../c%2Bd%20e%25"};
  const std::string canonical =
      CanonicalRequest(request, {.region = "us-east-1", .service = "s3", .path_as_sent = true}, {});
  EXPECT_TRUE(canonical.starts_with("GET\n/a//b/../c%2Bd%20e%25\n\n")) << canonical;
}

TEST(Sign, OtherServicesEncodeOnceMore) {
  http::Request request{.url = "https://x.amazonaws.com/a%20b//./c"};
  const std::string canonical = CanonicalRequest(request, {.region = "us-east-1", .service = "sqs"}, {});
  EXPECT_TRUE(canonical.starts_with("GET\n/a%2520b/c\n\n")) << canonical;
}

TEST(Sign, UnsignedPayloadAndContentHash) {
  const SignScope scope{.region = "r", .service = "s3", .path_as_sent = true, .send_content_hash = true};
  http::Request request{.method = "PUT", .url = "https://h/k", .body = "x"};
  Sign(request, Example(), scope, kNow, kUnsignedPayload);
  EXPECT_EQ(request.headers[2].name, "x-amz-content-sha256");
  EXPECT_EQ(request.headers[2].value, "UNSIGNED-PAYLOAD");
  EXPECT_NE(request.headers.back().value.find("SignedHeaders=host;x-amz-content-sha256;x-amz-date"),
            std::string::npos);
}

TEST(Sign, AnonymousOnlyNamesTheHost) {
  http::Request request{.url = "http://127.0.0.1:9000/k"};
  Sign(request, {}, {.region = "r", .service = "s3"}, kNow);
  ASSERT_EQ(request.headers.size(), 1U);
  EXPECT_EQ(request.headers[0].value, "127.0.0.1:9000");
  EXPECT_EQ(Presign(request, {}, {}, kNow, 60s), request.url);
}

TEST(Sign, UsualPortsAreNotPartOfTheHost) {
  http::Request request{.url = "https://h:443/"};
  Sign(request, {}, {}, kNow);
  EXPECT_EQ(request.headers[0].value, "h");
}

TEST(Sign, UriEncode) {
  EXPECT_EQ(UriEncode("a/b c+d~%\n", true), "a/b%20c%2Bd~%25%0A");
  EXPECT_EQ(UriEncode("a/\xe1\x88\xb4", false), "a%2F%E1%88%B4");
}

}  // namespace
}  // namespace rtl::aws
