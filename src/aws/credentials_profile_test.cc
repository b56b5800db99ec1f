// Profiles of ~/.aws: keys, roles over roles, commands, SSO.
#include <gtest/gtest.h>

#include "aws/credentials.h"
#include "aws/profile_files.h"
#include "aws/testing_aws.h"

namespace rtl::aws {
namespace {

using namespace std::chrono_literals;

constexpr const char* kConfig = "/home/me/.aws/config";
constexpr const char* kCredentials = "/home/me/.aws/credentials";

class ProfileTest : public testing::Test {
 protected:
  ProfileTest() {
    options.profile = "p";
    process.environment["AWS_ENDPOINT_URL_STS"] = aws.url();
    process.environment["AWS_ENDPOINT_URL_SSO"] = aws.url();
  }
  Result<Credentials> Get() {
    return MakeCredentialsProvider(options, client, process.surroundings(), clock)->Get();
  }
  ErrorKind Refusal(std::string_view part) {
    const auto got = Get();
    EXPECT_FALSE(got) << "expected: " << part;
    if (got) return ErrorKind::kInternal;
    EXPECT_NE(got.error().message().find(part), std::string::npos) << got.error().message();
    EXPECT_EQ(got.error().message().find("s3cr3t"), std::string::npos) << got.error().message();
    return got.error().kind();
  }
  // The signers and roles of the calls of AssumeRole, in order.
  std::vector<std::string> Assumed() const {
    std::vector<std::string> calls;
    for (const auto& request : aws.requests()) {
      const std::string by = request.header("authorization");
      const auto begin = by.find("Credential=");
      const std::string signer =
          begin == std::string::npos ? "nobody" : by.substr(begin + 11, by.find('/') - begin - 11);
      calls.push_back(signer + " -> " + TestingAws::Parameter(request.body, "RoleArn"));
    }
    return calls;
  }

  TestingClock clock;
  TestingAws aws;
  TestingProcess process;
  CredentialsOptions options;
  std::shared_ptr<http::Client> client = http::MakeClient();
};

TEST(ProfileFiles, Ini) {
  const auto sections = ParseIni(
      "\xEF\xBB\xBF# top\r\n[ a ]\r\nKey = v # comment\r\nurl=http://x/#y\r\n"
      "; other\r\n\r\n[b]\r\ns3 =\r\n  nested = 1\r\nk = a = b\r\nk = last\r\nnothing\r\n[broken\nlost = "
      "1\n");
  ASSERT_EQ(sections.size(), 2U);
  EXPECT_EQ(sections.at("a").at("key"), "v");
  EXPECT_EQ(sections.at("a").at("url"), "http://x/#y");
  EXPECT_EQ(sections.at("b").at("k"), "last");
  EXPECT_FALSE(sections.at("b").contains("nested"));
}

TEST_F(ProfileTest, TheCredentialsFileHolds) {
  process.files[kConfig] =
      "[profile p]\naws_access_key_id = C\naws_secret_access_key = c\naws_session_token = x\nregion = r\n";
  EXPECT_EQ(Get()->source, "profile p in /home/me/.aws/config");
  process.files[kCredentials] = "[p]\naws_access_key_id = F\naws_secret_access_key = f\n";
  const auto got = Get();
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->access_key_id, "F");
  EXPECT_EQ(got->session_token, "");  // never mixed
  EXPECT_EQ(got->source, "profile p in /home/me/.aws/credentials");
}

TEST_F(ProfileTest, FilesElsewhere) {
  process.environment["AWS_CONFIG_FILE"] = "/etc/c";
  process.environment["AWS_SHARED_CREDENTIALS_FILE"] = "~/k";
  process.files["/home/me/k"] = "[p]\naws_access_key_id = F\naws_secret_access_key = f\n";
  EXPECT_EQ(Get()->source, "profile p in /home/me/k");
  options.profile = "other";
  EXPECT_EQ(Refusal("profile other: not in /etc/c (not there), /home/me/k"), ErrorKind::kBadConfig);
}

TEST_F(ProfileTest, HalvesAreRefused) {
  process.files[kCredentials] = "[p]\naws_secret_access_key = s3cr3t\n";
  EXPECT_EQ(Refusal("one of aws_access_key_id and aws_secret_access_key"), ErrorKind::kBadConfig);
}

TEST_F(ProfileTest, RolesOverRoles) {
  process.files[kConfig] =
      "[profile p]\nrole_arn = arn:last\nsource_profile = middle\nexternal_id = ext\nrole_session_name = me\n"
      "duration_seconds = 900\nregion = eu-1\n"
      "[profile middle]\nrole_arn = arn:first\nsource_profile = base\n";
  process.files[kCredentials] = "[base]\naws_access_key_id = BASE\naws_secret_access_key = b\n";
  const auto got = Get();
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->access_key_id, "ASIA2");
  EXPECT_EQ(got->source,
            "role arn:last of profile p, assumed with role arn:first of profile middle, assumed with profile "
            "base in "
            "/home/me/.aws/credentials");
  EXPECT_EQ(Assumed(), (std::vector<std::string>{"BASE -> arn%3Afirst", "ASIA1 -> arn%3Alast"}));
  const auto last = aws.requests().at(1);
  EXPECT_EQ(last.header("x-amz-security-token"), "sts-token");
  EXPECT_EQ(TestingAws::Parameter(last.body, "ExternalId"), "ext");
  EXPECT_EQ(TestingAws::Parameter(last.body, "RoleSessionName"), "me");
  EXPECT_EQ(TestingAws::Parameter(last.body, "DurationSeconds"), "900");
}

TEST_F(ProfileTest, Loops) {
  process.files[kConfig] =
      "[profile p]\nrole_arn = a\nsource_profile = q\n[profile q]\nrole_arn = b\nsource_profile = p\n";
  EXPECT_EQ(Refusal("p, q and p are each other's source_profile"), ErrorKind::kBadConfig);
  process.files[kConfig] = "[profile p]\nrole_arn = a\nsource_profile = p\n";
  EXPECT_EQ(Refusal("each other's source_profile"), ErrorKind::kBadConfig);
  EXPECT_TRUE(aws.requests().empty());
  // its own source, with keys
  process.files[kCredentials] = "[p]\naws_access_key_id = SELF\naws_secret_access_key = s\n";
  ASSERT_TRUE(Get());
  EXPECT_EQ(Assumed(), (std::vector<std::string>{"SELF -> a"}));
}

TEST_F(ProfileTest, SourcesThatAreNotThere) {
  process.files[kConfig] = "[profile p]\nrole_arn = a\nsource_profile = q\n";
  EXPECT_EQ(Refusal("profile q, the source_profile of p, is not in"), ErrorKind::kBadConfig);
  process.files[kConfig] += "[profile q]\nregion = r\n";
  EXPECT_EQ(Refusal("profile q, the source_profile of p, has no credentials"), ErrorKind::kBadConfig);
  process.files[kConfig] = "[profile p]\nrole_arn = a\n";
  EXPECT_EQ(Refusal("needs one of source_profile and credential_source"), ErrorKind::kBadConfig);
  process.files[kConfig] = "[profile p]\nrole_arn = a\ncredential_source = Elsewhere\n";
  EXPECT_EQ(Refusal("no credential_source Elsewhere"), ErrorKind::kBadConfig);
  process.files[kConfig] = "[profile p]\nrole_arn = a\ncredential_source = Environment\n";
  EXPECT_EQ(Refusal("profile p: environment: AWS_ACCESS_KEY_ID is not set"), ErrorKind::kBadConfig);
  process.files[kConfig] = "[profile p]\nrole_arn = a\nsource_profile = p\nmfa_serial = m\n";
  EXPECT_EQ(Refusal("mfa_serial"), ErrorKind::kUnsupported);
  process.files[kConfig] = "[profile p]\nrole_arn = a\nsource_profile = p\nduration_seconds = an hour\n";
  EXPECT_EQ(Refusal("duration_seconds"), ErrorKind::kBadConfig);
}

TEST_F(ProfileTest, CredentialSources) {
  process.files[kConfig] = "[profile p]\nrole_arn = a\ncredential_source = Environment\n";
  process.environment["AWS_ACCESS_KEY_ID"] = "ENV";
  process.environment["AWS_SECRET_ACCESS_KEY"] = "e";
  EXPECT_EQ(Get()->source, "role a of profile p, assumed with environment");

  process.files[kConfig] = "[profile p]\nrole_arn = a\ncredential_source = EcsContainer\n";
  process.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = aws.url("/v1/credentials");
  EXPECT_EQ(Get()->source, "role a of profile p, assumed with container endpoint http://127.0.0.1");

  process.files[kConfig] = "[profile p]\nrole_arn = a\ncredential_source = Ec2InstanceMetadata\n";
  process.environment["AWS_EC2_METADATA_DISABLED"] = "false";
  process.environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = aws.url();
  EXPECT_EQ(Get()->source, "role a of profile p, assumed with instance role web-server");
}

TEST_F(ProfileTest, WebIdentityInAProfile) {
  process.files[kConfig] = "[profile p]\nrole_arn = a\nweb_identity_token_file = /t\n";
  process.files["/t"] = "jwt";
  EXPECT_EQ(Get()->source, "role a with the web identity token /t");
  EXPECT_EQ(TestingAws::Parameter(aws.requests().at(0).body, "Action"), "AssumeRoleWithWebIdentity");
}

TEST_F(ProfileTest, CredentialProcess) {
  process.files[kConfig] = "[profile p]\ncredential_process = /opt/bin/get \"a b\" --x\n";
  process.commands["/opt/bin/get \"a b\" --x"] =
      R"({"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"s3cr3t","SessionToken":"t","Expiration":"2026-01-31T13:00:00Z"})";
  const auto got = Get();
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->access_key_id, "PROC");
  EXPECT_EQ(got->expires_at, kTestingNow + 1h);
  EXPECT_EQ(got->source, "credential_process of profile p");

  auto& output = process.commands["/opt/bin/get \"a b\" --x"];
  output = R"({"Version":2,"AccessKeyId":"PROC","SecretAccessKey":"s3cr3t"})";
  EXPECT_EQ(Refusal("Version is not 1"), ErrorKind::kBadData);
  output = "s3cr3t";
  EXPECT_EQ(Refusal("not the JSON object"), ErrorKind::kBadData);
  output = R"({"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"s3cr3t","Expiration":"soon"})";
  EXPECT_EQ(Refusal("Expiration is not a time"), ErrorKind::kBadData);
  output =
      R"({"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"s3cr3t","Expiration":"2026-01-31T11:00:00Z"})";
  EXPECT_EQ(Refusal("gives credentials that ended"), ErrorKind::kUnavailable);
  process.commands.clear();
  EXPECT_EQ(Refusal("credential_process of profile p: ended with code 127"), ErrorKind::kUnavailable);
}

// sha1("corp") and sha1("https://corp.awsapps.com/start")
constexpr const char* kSessionCache = "/home/me/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
constexpr const char* kLegacyCache = "/home/me/.aws/sso/cache/a51746d4aa793ae07b25e90c3a5db96fc7832bd7.json";
constexpr const char* kToken = R"({"accessToken":"sso-token","expiresAt":"2026-01-31T13:00:00Z"})";

TEST_F(ProfileTest, SsoSession) {
  process.files[kConfig] =
      "[profile p]\nsso_session = corp\nsso_account_id = 1234\nsso_role_name = Loader Role\n"
      "[sso-session corp]\nsso_region = eu-1\nsso_start_url = https://corp.awsapps.com/start\n";
  EXPECT_EQ(Refusal("run: aws sso login --profile p"), ErrorKind::kBadConfig);
  process.files[kSessionCache] = kToken;
  const auto got = Get();
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->session_token, "sso-session");
  EXPECT_EQ(got->expires_at, kTestingNow + 1h);
  EXPECT_EQ(got->source, "SSO role Loader Role of account 1234, profile p");
  EXPECT_EQ(aws.requests().at(0).target, "/federation/credentials?role_name=Loader%20Role&account_id=1234");

  aws.Instead("/federation/credentials", http::MakeReply(401, ""));
  EXPECT_EQ(Refusal("no longer accepted; run: aws sso login"), ErrorKind::kPermissionDenied);
  aws.Instead("/federation/credentials", http::MakeReply(403, ""));
  EXPECT_EQ(Refusal("the portal answered 403"), ErrorKind::kPermissionDenied);
  aws.Instead("/federation/credentials",
              http::MakeReply(200, R"({"roleCredentials":{"secretAccessKey":"s3cr3t"}})"));
  EXPECT_EQ(Refusal("no credentials"), ErrorKind::kBadData);
  clock.now = MicrosSinceEpoch(kTestingNow + 2h);
  EXPECT_EQ(Refusal("the login ended at 2026-01-31T13:00:00Z"), ErrorKind::kPermissionDenied);
}

TEST_F(ProfileTest, LegacySso) {
  process.files[kConfig] =
      "[profile p]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-1\nsso_account_id = "
      "1\nsso_role_name = r\n";
  process.files[kLegacyCache] = kToken;
  EXPECT_EQ(Get()->access_key_id, "ASIASSO");
  process.files[kConfig] = "[profile p]\nsso_start_url = https://corp.awsapps.com/start\n";
  EXPECT_EQ(Refusal("SSO needs"), ErrorKind::kBadConfig);
  process.files[kConfig] = "[profile p]\nsso_session = nowhere\n";
  EXPECT_EQ(Refusal("no section [sso-session nowhere]"), ErrorKind::kBadConfig);
}

}  // namespace
}  // namespace rtl::aws
