#include "aws/sts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <pugixml.hpp>
#include <utility>
#include <vector>

#include "aws/caller.h"
#include "aws/credentials_sources.h"
#include "aws/iso_time.h"
#include "core/uuid.h"

namespace rtl::aws {
namespace {

using std::chrono::milliseconds;

// Somebody waits for credentials before anything else can happen.
constexpr RetryPolicy kRetry{
    .first_pause = milliseconds(100), .longest_pause = milliseconds(3'000), .budget = milliseconds(15'000)};

using Parameters = std::vector<std::pair<std::string_view, std::string>>;

std::string_view DomainOf(std::string_view region) {
  if (region.starts_with("cn-")) return "amazonaws.com.cn";
  if (region.starts_with("us-iso-")) return "c2s.ic.gov";
  if (region.starts_with("us-isob-")) return "sc2s.sgov.gov";
  return "amazonaws.com";
}

// The first element of that name anywhere: the answers have each name once.
std::string Text(const pugi::xml_node& root, std::string_view name) {
  const auto found = root.find_node([&](const pugi::xml_node& node) { return name == node.name(); });
  return found.text().get();
}

template <std::size_t kCount>
bool OneOf(std::string_view code, const std::array<std::string_view, kCount>& codes) {
  return std::ranges::find(codes, code) != codes.end();
}

Verdict Judge(const http::Response& response) {
  using Next = Verdict::Next;
  if (response.status == 200) return {};
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  Verdict verdict{.next = Next::kFail,
                  .kind = ErrorKind::kPermissionDenied,
                  .code = Text(document, "Code"),
                  .message = Text(document, "Message")};
  if (OneOf(verdict.code,
            std::array<std::string_view, 4>{"Throttling", "ThrottlingException", "RequestLimitExceeded",
                                            "TooManyRequestsException"})) {
    verdict.next = Next::kSlowDown;
    verdict.kind = ErrorKind::kUnavailable;
  } else if (response.status >= 500 || response.status == 429 || verdict.code == "IDPCommunicationError") {
    verdict.next = Next::kRetry;
    verdict.kind = ErrorKind::kUnavailable;
  } else if (verdict.code == "RequestExpired" || verdict.message.starts_with("Signature expired") ||
             verdict.message.starts_with("Signature not yet current")) {
    verdict.next = Next::kClockSkew;
  } else if (OneOf(verdict.code, std::array<std::string_view, 5>{"ExpiredToken", "InvalidClientTokenId",
                                                                 "UnrecognizedClientException",
                                                                 "ExpiredTokenException", "InvalidToken"})) {
    verdict.next = Next::kCredentials;
  } else if (OneOf(verdict.code,
                   std::array<std::string_view, 5>{"ValidationError", "MalformedPolicyDocument",
                                                   "PackedPolicyTooLarge", "RegionDisabledException",
                                                   "InvalidParameterValue"}) ||
             response.status == 404 || response.status == 405) {
    verdict.kind = ErrorKind::kBadConfig;
  }
  return verdict;
}

Result<pugi::xml_document> Ask(const StsContext& sts, std::shared_ptr<CredentialsProvider> credentials,
                               std::string_view action, const Parameters& parameters,
                               const std::string& what) {
  std::string body = fmt::format("Action={}&Version=2011-06-15", action);
  for (const auto& [name, value] : parameters) {
    if (!value.empty()) body += fmt::format("&{}={}", name, UriEncode(value, false));
  }
  Caller caller(sts.client, std::move(credentials),
                {.scope = {.region = sts.endpoint.region, .service = "sts"}, .retry = kRetry}, nullptr,
                sts.clock);
  RTL_TRY(const http::Response response,
          caller.Send(
              {.kind = fmt::format("STS {}", action),
               .what = what,
               .request = {.method = "POST",
                           .url = sts.endpoint.url + "/",
                           .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
                           .body = body,
                           .connect_timeout = milliseconds(3'000),
                           .timeout = milliseconds(10'000),
                           .max_response_bytes = 1 << 20},
               .judge = Judge}));
  pugi::xml_document document;
  if (!document.load_buffer(response.body.data(), response.body.size())) {
    return Fail(ErrorKind::kBadData, fmt::format("STS {} {}: the answer is not XML", action, what));
  }
  return document;
}

Result<Credentials> TakeCredentials(const pugi::xml_document& document, std::string_view action) {
  Credentials credentials{.access_key_id = Text(document, "AccessKeyId"),
                          .secret_access_key = Text(document, "SecretAccessKey"),
                          .session_token = Text(document, "SessionToken"),
                          .expires_at = ParseIsoTime(Text(document, "Expiration")),
                          .source = {}};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() ||
      credentials.session_token.empty() || !credentials.expires_at) {
    return Fail(ErrorKind::kBadData, fmt::format("STS {}: the answer has no credentials", action));
  }
  return credentials;
}

Parameters RoleParameters(const RoleRequest& role) {
  return {
      {"RoleArn", role.role_arn},
      {"RoleSessionName", role.session_name.empty() ? "rtloader-" + NewUuid() : role.session_name},
      {"DurationSeconds", role.duration.count() > 0 ? std::to_string(role.duration.count()) : std::string()},
      {"ExternalId", role.external_id}};
}

}  // namespace

StsEndpoint FindStsEndpoint(const Surroundings& surroundings, const std::string& region) {
  StsEndpoint endpoint{.url = {}, .region = region.empty() ? "us-east-1" : region};
  if (!IsTrue(Variable(surroundings, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))) {
    endpoint.url = Variable(surroundings, "AWS_ENDPOINT_URL_STS");
    if (endpoint.url.empty()) endpoint.url = Variable(surroundings, "AWS_ENDPOINT_URL");
    while (endpoint.url.ends_with('/')) endpoint.url.pop_back();
  }
  if (endpoint.url.empty()) {
    endpoint.url = region.empty() ? "https://sts.amazonaws.com"
                                  : fmt::format("https://sts.{}.{}", region, DomainOf(region));
  }
  return endpoint;
}

Result<Credentials> AssumeRole(const StsContext& sts, const Credentials& with, const RoleRequest& role) {
  RTL_TRY(const auto document,
          Ask(sts, MakeFixedCredentials(with), "AssumeRole", RoleParameters(role), role.role_arn));
  return TakeCredentials(document, "AssumeRole");
}

Result<Credentials> AssumeRoleWithWebIdentity(const StsContext& sts, const RoleRequest& role,
                                              const std::string& token) {
  Parameters parameters = RoleParameters(role);
  parameters.emplace_back("WebIdentityToken", token);
  RTL_TRY(const auto document,
          Ask(sts, MakeFixedCredentials({}), "AssumeRoleWithWebIdentity", parameters, role.role_arn));
  return TakeCredentials(document, "AssumeRoleWithWebIdentity");
}

Result<Identity> WhoAmI(const StsContext& sts, std::shared_ptr<CredentialsProvider> credentials) {
  RTL_TRY(const auto document, Ask(sts, std::move(credentials), "GetCallerIdentity", {}, sts.endpoint.url));
  Identity identity{.account = Text(document, "Account"),
                    .arn = Text(document, "Arn"),
                    .user_id = Text(document, "UserId")};
  if (identity.arn.empty()) return Fail(ErrorKind::kBadData, "STS GetCallerIdentity: the answer has no Arn");
  return identity;
}

}  // namespace rtl::aws
