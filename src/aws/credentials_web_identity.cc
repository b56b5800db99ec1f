#include <fmt/format.h>

#include "aws/credentials_sources.h"

namespace rtl::aws {
namespace {

std::string WithoutLineEnd(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace

Result<Credentials> AssumeWithTokenFile(const SourceContext& context, const std::string& token_file,
                                        const RoleRequest& role) {
  // read anew each time: Kubernetes replaces the token long before it ends
  const auto token = context.surroundings.read_file(token_file);
  if (!token) return Fail(ErrorKind::kBadConfig, "web identity token: " + token.error().message());
  RTL_TRY(Credentials credentials, AssumeRoleWithWebIdentity(StsFor(context), role, WithoutLineEnd(*token)));
  credentials.source = fmt::format("role {} with the web identity token {}", role.role_arn, token_file);
  return credentials;
}

Result<Found> FromWebIdentity(const SourceContext& context) {
  if (!context.options.profile.empty()) {
    return Found{.credentials = std::nullopt,
                 .absence = "web identity: not looked at, the configuration names a profile"};
  }
  const std::string token_file = Variable(context.surroundings, "AWS_WEB_IDENTITY_TOKEN_FILE");
  if (token_file.empty()) {
    return Found{.credentials = std::nullopt,
                 .absence = "web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set"};
  }
  const std::string role_arn = Variable(context.surroundings, "AWS_ROLE_ARN");
  if (role_arn.empty()) {
    return Fail(ErrorKind::kBadConfig, "AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN");
  }
  RTL_TRY(auto credentials,
          AssumeWithTokenFile(context, token_file,
                              {.role_arn = role_arn,
                               .session_name = Variable(context.surroundings, "AWS_ROLE_SESSION_NAME")}));
  return Found{.credentials = std::move(credentials), .absence = {}};
}

}  // namespace rtl::aws
