// IAM Identity Center: the token that `aws sso login` left in the cache is changed for a role's credentials.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "aws/credentials_json.h"
#include "aws/credentials_sources.h"
#include "aws/iso_time.h"
#include "aws/profile_files.h"
#include "aws/sign.h"

namespace rtl::aws {
namespace {

std::string Sha1Hex(std::string_view text) {
  std::array<unsigned char, 20> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  std::string hex;
  for (const unsigned char byte : digest) fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
  return hex;
}

struct SsoSettings {
  std::string start_url;
  std::string region;
  std::string account;
  std::string role;
  std::string cache_name;  // hashed it names the file
};

Result<SsoSettings> Settings(const ProfileFiles& files, const std::string& name, const Profile& profile) {
  SsoSettings settings{.start_url = profile.Get("sso_start_url"),
                       .region = profile.Get("sso_region"),
                       .account = profile.Get("sso_account_id"),
                       .role = profile.Get("sso_role_name"),
                       .cache_name = profile.Get("sso_start_url")};
  if (const std::string session = profile.Get("sso_session"); !session.empty()) {
    const auto found = files.sso_sessions.find(session);
    if (found == files.sso_sessions.end()) {
      return Fail(ErrorKind::kBadConfig,
                  fmt::format("profile {}: there is no section [sso-session {}]", name, session));
    }
    settings.start_url = found->second.Get("sso_start_url");
    settings.region = found->second.Get("sso_region");
    settings.cache_name = session;
  }
  if (settings.start_url.empty() || settings.region.empty() || settings.account.empty() ||
      settings.role.empty()) {
    return Fail(
        ErrorKind::kBadConfig,
        fmt::format("profile {}: SSO needs sso_start_url, sso_region, sso_account_id and sso_role_name",
                    name));
  }
  return settings;
}

Result<std::string> CachedToken(const SourceContext& context, const SsoSettings& settings,
                                const std::string& log_in) {
  const std::string path =
      fmt::format("{}/.aws/sso/cache/{}.json", context.surroundings.home, Sha1Hex(settings.cache_name));
  const auto text = context.surroundings.read_file(path);
  if (!text) {
    const bool absent = text.error().kind() == ErrorKind::kNotFound;
    return Fail(ErrorKind::kBadConfig, absent
                                           ? fmt::format("not logged in ({} is not there); {}", path, log_in)
                                           : text.error().message());
  }
  auto values = ReadFlatJson(*text);
  if (!values || !values->contains("accessToken") || !values->contains("expiresAt")) {
    return Fail(ErrorKind::kBadConfig, fmt::format("{} is not a cached token; {}", path, log_in));
  }
  const auto expires_at = ParseIsoTime(values->at("expiresAt"));
  if (!expires_at || *expires_at <= context.clock.Now()) {
    return Fail(ErrorKind::kPermissionDenied,
                fmt::format("the login ended at {}; {}", values->at("expiresAt"), log_in));
  }
  return values->at("accessToken");
}

Result<Credentials> TakeRoleCredentials(const std::string& body, std::string source) {
  RTL_TRY(auto values, ReadFlatJson(body, "roleCredentials"));
  Credentials credentials{.access_key_id = values["accessKeyId"],
                          .secret_access_key = values["secretAccessKey"],
                          .session_token = values["sessionToken"],
                          .expires_at = std::nullopt,
                          .source = std::move(source)};
  const std::string& expiration = values["expiration"];  // milliseconds since 1970
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() || expiration.empty() ||
      expiration.size() > 15 || expiration.find_first_not_of("0123456789") != std::string::npos) {
    return Fail(ErrorKind::kBadData, "the answer has no credentials");
  }
  credentials.expires_at = FromMicros(std::stoll(expiration) * 1'000);
  return credentials;
}

}  // namespace

Result<Credentials> FromSso(const SourceContext& context, const ProfileFiles& files, const std::string& name,
                            const Profile& profile) {
  RTL_TRY(const SsoSettings settings, Settings(files, name, profile));
  const std::string source =
      fmt::format("SSO role {} of account {}, profile {}", settings.role, settings.account, name);
  const std::string log_in = fmt::format("run: aws sso login --profile {}", name);
  auto token = CachedToken(context, settings, log_in);
  if (!token) return Fail(token.error().Wrap(source));

  std::string endpoint = Variable(context.surroundings, "AWS_ENDPOINT_URL_SSO");
  if (endpoint.empty()) endpoint = fmt::format("https://portal.sso.{}.amazonaws.com", settings.region);
  const http::Request request{
      .url = fmt::format("{}/federation/credentials?role_name={}&account_id={}", endpoint,
                         UriEncode(settings.role, false), UriEncode(settings.account, false)),
      .headers = {{"x-amz-sso_bearer_token", *token}},
      .connect_timeout = std::chrono::milliseconds(3'000),
      .timeout = std::chrono::milliseconds(10'000),
      .max_response_bytes = 1 << 20};
  RTL_TRY(const http::Response response, AskPatiently(context, request, source));
  if (response.status == 401) {
    return Fail(ErrorKind::kPermissionDenied,
                fmt::format("{}: the login is no longer accepted; {}", source, log_in));
  }
  if (response.status != 200) {
    const bool passes = response.status >= 500 || response.status == 429;
    return Fail(passes ? ErrorKind::kUnavailable : ErrorKind::kPermissionDenied,
                fmt::format("{}: the portal answered {}", source, response.status));
  }
  auto credentials = TakeRoleCredentials(response.body, source);
  if (!credentials) return Fail(credentials.error().Wrap(source));
  return credentials;
}

}  // namespace rtl::aws
