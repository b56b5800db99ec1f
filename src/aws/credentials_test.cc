#include "aws/credentials.h"

#include <gtest/gtest.h>

#include <thread>

#include "aws/iso_time.h"
#include "aws/sts.h"
#include "aws/testing_aws.h"

namespace rtl::aws {
namespace {

using namespace std::chrono_literals;

class CredentialsTest : public testing::Test {
 protected:
  std::shared_ptr<CredentialsProvider> Provider() {
    return MakeCredentialsProvider(options, client, process.surroundings(), clock);
  }
  Result<Credentials> Get() { return Provider()->Get(); }
  // The error's kind, after a look that it says `part` and no secret.
  ErrorKind Refusal(std::string_view part) {
    const auto got = Get();
    EXPECT_FALSE(got) << "expected: " << part;
    if (got) return ErrorKind::kInternal;
    const std::string& message = got.error().message();
    EXPECT_NE(message.find(part), std::string::npos) << message;
    for (const char* secret : {"-secret", "-token-x", "s3cr3t"}) {
      EXPECT_EQ(message.find(secret), std::string::npos) << message;
    }
    return got.error().kind();
  }

  TestingClock clock;
  TestingAws aws;
  TestingProcess process;
  CredentialsOptions options;
  std::shared_ptr<http::Client> client = http::MakeClient();
};

TEST_F(CredentialsTest, NoneListsEveryPlace) {
  for (const char* place :
       {"no AWS credentials found", "configuration: no access key", "AWS_ACCESS_KEY_ID is not set",
        "AWS_WEB_IDENTITY_TOKEN_FILE is not set", "profile default: not in /home/me/.aws/config",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "switched off by AWS_EC2_METADATA_DISABLED"}) {
    EXPECT_EQ(Refusal(place), ErrorKind::kBadConfig);
  }
}

TEST_F(CredentialsTest, Anonymous) {
  options.anonymous = true;
  const auto got = Get();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->access_key_id, "");
  EXPECT_EQ(got->source, "anonymous");
}

TEST_F(CredentialsTest, OptionsBeforeEnvironmentBeforeProfile) {
  process.files["/home/me/.aws/credentials"] =
      "[default]\naws_access_key_id = F\naws_secret_access_key = f\n";
  EXPECT_EQ(Get()->source, "profile default in /home/me/.aws/credentials");
  process.environment = {
      {"AWS_ACCESS_KEY_ID", "E"}, {"AWS_SECRET_ACCESS_KEY", "e"}, {"AWS_SESSION_TOKEN", "t"}};
  EXPECT_EQ(Get()->source, "environment");
  EXPECT_EQ(Get()->session_token, "t");
  options.access_key_id = "O";
  options.secret_access_key = "o";
  EXPECT_EQ(Get()->access_key_id, "O");
  EXPECT_EQ(Get()->source, "configuration");
}

TEST_F(CredentialsTest, AProfileInTheConfigurationGoesBeforeTheEnvironment) {
  process.environment = {{"AWS_ACCESS_KEY_ID", "E"}, {"AWS_SECRET_ACCESS_KEY", "e"}};
  process.files["/home/me/.aws/credentials"] = "[p]\naws_access_key_id = F\naws_secret_access_key = f\n";
  options.profile = "p";
  EXPECT_EQ(Get()->access_key_id, "F");
}

TEST_F(CredentialsTest, HalvesAreRefused) {
  process.environment = {{"AWS_ACCESS_KEY_ID", "E"}};
  EXPECT_EQ(Refusal("AWS_ACCESS_KEY_ID is set without"), ErrorKind::kBadConfig);
  options.secret_access_key = "s3cr3t";
  EXPECT_EQ(Refusal("the configuration has one of"), ErrorKind::kBadConfig);
}

TEST_F(CredentialsTest, WebIdentity) {
  process.environment = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/var/token"},
                         {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"},
                         {"AWS_ROLE_SESSION_NAME", "me@here"},
                         {"AWS_REGION", "eu-1"},
                         {"AWS_ENDPOINT_URL_STS", aws.url("/")}};
  process.files["/var/token"] = "jwt+a/b=\n";
  const auto got = Get();
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->access_key_id, "ASIA1");
  EXPECT_EQ(got->session_token, "sts-token");
  EXPECT_EQ(got->expires_at, kTestingNow + 1h);
  EXPECT_EQ(got->source, "role arn:aws:iam::1:role/r with the web identity token /var/token");
  const auto request = aws.requests().at(0);
  EXPECT_EQ(request.header("authorization"), "");
  EXPECT_EQ(TestingAws::Parameter(request.body, "Action"), "AssumeRoleWithWebIdentity");
  EXPECT_EQ(TestingAws::Parameter(request.body, "WebIdentityToken"), "jwt%2Ba%2Fb%3D");
  EXPECT_EQ(TestingAws::Parameter(request.body, "RoleSessionName"), "me%40here");
}

TEST_F(CredentialsTest, WebIdentityRefused) {
  process.environment = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/var/token"}, {"AWS_ENDPOINT_URL_STS", aws.url()}};
  EXPECT_EQ(Refusal("without AWS_ROLE_ARN"), ErrorKind::kBadConfig);
  process.environment["AWS_ROLE_ARN"] = "arn:r";
  EXPECT_EQ(Refusal("/var/token: No such file"), ErrorKind::kBadConfig);
  process.files["/var/token"] = "jwt-token-x";
  aws.Instead("AssumeRoleWithWebIdentity",
              http::MakeReply(400,
                              "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code>"
                              "<Message>No OpenIDConnect provider found</Message></Error></ErrorResponse>"));
  EXPECT_EQ(Refusal("InvalidIdentityToken: No OpenIDConnect provider found"), ErrorKind::kPermissionDenied);
}

TEST_F(CredentialsTest, StsIsAskedAgainWhenItFailsInPassing) {
  process.environment = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/var/token"},
                         {"AWS_ROLE_ARN", "arn:r"},
                         {"AWS_ENDPOINT_URL", aws.url()}};
  process.files["/var/token"] = "jwt";
  aws.Instead("AssumeRoleWithWebIdentity", http::MakeReply(503, "busy"));
  aws.Instead("AssumeRoleWithWebIdentity",
              http::MakeReply(
                  400, "<ErrorResponse><Error><Code>IDPCommunicationError</Code></Error></ErrorResponse>"));
  EXPECT_TRUE(Get());
  EXPECT_EQ(aws.requests().size(), 3U);
}

TEST_F(CredentialsTest, RoleOfTheConfigurationIsAssumedWithWhatWasFound) {
  process.environment = {{"AWS_ENDPOINT_URL_STS", aws.url()}, {"AWS_REGION", "eu-1"}};
  options.access_key_id = "O";
  options.secret_access_key = "o-secret";
  options.role_arn = "arn:aws:iam::1:role/loader";
  const auto got = Get();
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->source, "role arn:aws:iam::1:role/loader, assumed with configuration");
  const auto request = aws.requests().at(0);
  EXPECT_TRUE(
      request.header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=O/20260131/eu-1/sts/"));
  EXPECT_TRUE(TestingAws::Parameter(request.body, "RoleSessionName").starts_with("rtloader-"));
  EXPECT_EQ(TestingAws::Parameter(request.body, "DurationSeconds"), "");

  aws.Instead("AssumeRole",
              http::MakeReply(403,
                              "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: arn is not "
                              "authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>",
                              "x-amzn-RequestId: R7\r\n"));
  EXPECT_EQ(
      Refusal(
          "with configuration: STS AssumeRole arn:aws:iam::1:role/loader: AccessDenied: User: arn is not"),
      ErrorKind::kPermissionDenied);
}

TEST_F(CredentialsTest, ContainerEndpoint) {
  process.environment = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", aws.url("/v1/credentials?x=1")},
                         {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "plain"},
                         {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/auth"}};
  process.files["/var/auth"] = "from file\n";
  const auto got = Get();
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->session_token, "local-token");
  EXPECT_EQ(got->expires_at, kTestingNow + 1h);
  EXPECT_EQ(got->source, "container endpoint http://127.0.0.1");
  EXPECT_EQ(aws.requests().at(0).header("authorization"), "from file");
  EXPECT_EQ(aws.requests().at(0).target, "/v1/credentials?x=1");

  process.files["/var/auth"] = "two\r\nlines: token";
  EXPECT_EQ(Refusal("more than one line"), ErrorKind::kBadConfig);
  process.files.clear();
  EXPECT_EQ(Refusal("/var/auth"), ErrorKind::kBadConfig);
}

TEST_F(CredentialsTest, ContainerEndpointThatFails) {
  process.environment = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", aws.url("/v1/credentials")}};
  aws.Instead("/v1/credentials", http::MakeReply(500, ""));
  EXPECT_TRUE(Get());
  aws.Instead("/v1/credentials", http::MakeReply(403, "no"));
  EXPECT_EQ(Refusal("answered 403"), ErrorKind::kPermissionDenied);
  aws.Instead("/v1/credentials", http::MakeReply(200, "s3cr3t"));
  EXPECT_EQ(Refusal("not the JSON object"), ErrorKind::kBadData);
  aws.Instead("/v1/credentials", http::MakeReply(200, R"({"AccessKeyId":"a"})"));
  EXPECT_EQ(Refusal("no AccessKeyId and SecretAccessKey"), ErrorKind::kBadData);
}

TEST_F(CredentialsTest, ContainerHostsThatMayBeAsked) {
  class NoClient final : public http::Client {
   public:
    Result<http::Response> Send(const http::Request& request, std::stop_token) override {
      asked.push_back(request.url);
      return Fail(ErrorKind::kBadConfig, "not really");
    }
    std::vector<std::string> asked;
  };
  const auto recorder = std::make_shared<NoClient>();
  client = recorder;
  process.environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/id";
  process.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1";
  EXPECT_FALSE(Get());  // the relative one goes first
  process.environment.erase("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::vector<std::string> allowed = {"http://169.254.170.23/v1/credentials",
                                            "http://[fd00:ec2::23]/v1",
                                            "http://localhost:8080/x",
                                            "http://127.0.0.2/x",
                                            "http://[::1]/x",
                                            "https://anywhere.example/x"};
  for (const auto& url : allowed) {
    process.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    EXPECT_FALSE(Get());
  }
  for (const char* url : {"http://anywhere.example/x", "http://169.254.169.254/x", "http://10.0.0.1/",
                          "ftp://127.0.0.1/", "http://127.0.0.1.example/x"}) {
    process.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    EXPECT_EQ(Refusal("https, or from this machine"), ErrorKind::kBadConfig);
  }
  std::vector<std::string> expected = allowed;
  expected.insert(expected.begin(), "http://169.254.170.2/v2/credentials/id");
  EXPECT_EQ(recorder->asked, expected);
}

TEST_F(CredentialsTest, InstanceRole) {
  process.environment = {{"AWS_EC2_METADATA_DISABLED", "false"},
                         {"AWS_EC2_METADATA_SERVICE_ENDPOINT", aws.url("/")}};
  const auto got = Get();
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->source, "instance role web-server");
  EXPECT_EQ(got->secret_access_key, "local-secret");
  EXPECT_EQ(aws.requests().size(), 3U);
  EXPECT_EQ(aws.requests().back().target, "/latest/meta-data/iam/security-credentials/web-server");
  EXPECT_EQ(ResolveRegion(options, *client, process.surroundings()), "eu-west-9");
}

TEST_F(CredentialsTest, InstanceWithoutARole) {
  process.environment = {{"AWS_EC2_METADATA_DISABLED", "false"},
                         {"AWS_EC2_METADATA_SERVICE_ENDPOINT", aws.url()}};
  const std::string roles = "/latest/meta-data/iam/security-credentials/";
  aws.Instead(roles, http::MakeReply(404, ""));
  EXPECT_EQ(Refusal("the instance has no role"), ErrorKind::kBadConfig);
  aws.Instead("/latest/api/token", http::MakeReply(403, ""));
  EXPECT_EQ(Refusal("gives no token (HTTP 403)"), ErrorKind::kBadConfig);
  aws.Instead(roles + "web-server", http::MakeReply(200, R"({"Code":"AssumeRoleUnauthorizedAccess"})"));
  EXPECT_EQ(Refusal("says AssumeRoleUnauthorizedAccess"), ErrorKind::kUnavailable);
}

TEST_F(CredentialsTest, NoInstanceAtAll) {
  int port = 0;
  {
    const TestingAws gone;
    port = std::stoi(gone.url().substr(gone.url().rfind(':') + 1));
  }
  const std::string endpoint = "http://127.0.0.1:" + std::to_string(port);
  process.environment = {{"AWS_EC2_METADATA_DISABLED", "false"},
                         {"AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint}};
  EXPECT_EQ(Refusal("instance metadata: no answer from " + endpoint), ErrorKind::kBadConfig);
  EXPECT_EQ(ResolveRegion(options, *client, process.surroundings()), "");
}

TEST_F(CredentialsTest, Region) {
  EXPECT_EQ(ResolveRegion(options, *client, process.surroundings()), "");
  process.files["/home/me/.aws/config"] = "[default]\nregion = from-default\n[profile p]\nregion = from-p\n";
  EXPECT_EQ(ResolveRegion(options, *client, process.surroundings()), "from-default");
  process.environment["AWS_PROFILE"] = "p";
  EXPECT_EQ(ResolveRegion(options, *client, process.surroundings()), "from-p");
  process.environment["AWS_DEFAULT_REGION"] = "second";
  EXPECT_EQ(ResolveRegion(options, *client, process.surroundings()), "second");
  process.environment["AWS_REGION"] = "first";
  EXPECT_EQ(ResolveRegion(options, *client, process.surroundings()), "first");
  options.region = "given";
  EXPECT_EQ(ResolveRegion(options, *client, process.surroundings()), "given");
}

TEST(Sts, Endpoints) {
  TestingProcess process;
  EXPECT_EQ(FindStsEndpoint(process.surroundings(), "eu-west-1").url, "https://sts.eu-west-1.amazonaws.com");
  EXPECT_EQ(FindStsEndpoint(process.surroundings(), "cn-north-1").url,
            "https://sts.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(FindStsEndpoint(process.surroundings(), "").url, "https://sts.amazonaws.com");
  EXPECT_EQ(FindStsEndpoint(process.surroundings(), "").region, "us-east-1");
  process.environment["AWS_ENDPOINT_URL"] = "http://all/";
  EXPECT_EQ(FindStsEndpoint(process.surroundings(), "r").url, "http://all");
  process.environment["AWS_ENDPOINT_URL_STS"] = "http://sts";
  EXPECT_EQ(FindStsEndpoint(process.surroundings(), "r").url, "http://sts");
  process.environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  EXPECT_EQ(FindStsEndpoint(process.surroundings(), "r").url, "https://sts.r.amazonaws.com");
}

TEST(Sts, WhoAmI) {
  TestingAws aws;
  const TestingClock clock;
  const StsContext sts{
      .client = http::MakeClient(), .endpoint = {.url = aws.url(), .region = "eu-1"}, .clock = clock};
  const auto identity = WhoAmI(sts, MakeFixedCredentials({.access_key_id = "A", .secret_access_key = "s"}));
  ASSERT_TRUE(identity) << identity.error().message();
  EXPECT_EQ(identity->account, "123456789012");
  EXPECT_EQ(identity->arn, "arn:aws:iam::123456789012:user/Alice");
  EXPECT_EQ(identity->user_id, "AIDA");
  aws.Instead("GetCallerIdentity", http::MakeReply(200, "<html>a captive portal</html>"));
  const auto other = WhoAmI(sts, MakeFixedCredentials({.access_key_id = "A", .secret_access_key = "s"}));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind(), ErrorKind::kBadData);
}

TEST(IsoTime, Forms) {
  const Timestamp noon = kTestingNow;
  EXPECT_EQ(ParseIsoTime("2026-01-31T12:00:00Z"), noon);
  EXPECT_EQ(ParseIsoTime("2026-01-31T12:00:00.250Z"), noon + 250ms);
  EXPECT_EQ(ParseIsoTime("2026-01-31T12:00:00UTC"), noon);
  EXPECT_EQ(ParseIsoTime("2026-01-31T13:30:00+01:30"), noon);
  EXPECT_EQ(ParseIsoTime("2026-01-31T10:00:00-02:00"), noon);
  EXPECT_EQ(ParseIsoTime("2026-01-31T12:00:00.123456789Z"), noon + 123'456us);
  for (const char* text :
       {"", "2026-01-31", "2026-01-31T12:00:00", "2026-02-31T12:00:00Z", "2026-01-31T25:00:00Z",
        "2026-01-31T12:00:00 Uhr", "2026/01/31T12:00:00Z", "2026-01-31T12:0x:00Z"}) {
    EXPECT_EQ(ParseIsoTime(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace rtl::aws
