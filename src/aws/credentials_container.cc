// Amazon ECS and EKS Pod Identity: an endpoint beside the container.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/credentials_json.h"
#include "aws/credentials_sources.h"
#include "http/url.h"

namespace rtl::aws {
namespace {

constexpr std::string_view kRelativeBase = "http://169.254.170.2";

// Credentials over plain HTTP only from hosts that nothing lies between: AWS's own for ECS and EKS, and this.
bool MayAsk(const http::UrlParts& url) {
  if (url.scheme == "https") return true;
  constexpr std::array<std::string_view, 6> kHosts = {"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]",
                                                      "[::1]",         "localhost",      "127.0.0.1"};
  return url.scheme == "http" && (std::ranges::find(kHosts, url.host) != kHosts.end() ||
                                  (url.host.starts_with("127.") && http::IsLocalHost(url.host)));
}

Result<std::string> AuthorizationToken(const Surroundings& surroundings) {
  std::string token = Variable(surroundings, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const std::string file = Variable(surroundings, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
      !file.empty()) {
    auto text = surroundings.read_file(file);
    if (!text) return Fail(ErrorKind::kBadConfig, "container authorization token: " + text.error().message());
    token = *std::move(text);
    while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  }
  if (token.find_first_of("\r\n") != std::string::npos) {
    return Fail(ErrorKind::kBadConfig, "the container authorization token has more than one line");
  }
  return token;
}

}  // namespace

Result<Found> FromContainer(const SourceContext& context) {
  const std::string relative = Variable(context.surroundings, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string full = Variable(context.surroundings, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (relative.empty() && full.empty()) {
    return Found{.credentials = std::nullopt,
                 .absence = "container: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor _FULL_URI is set"};
  }
  const std::string url = relative.empty() ? full : std::string(kRelativeBase) + relative;
  const http::UrlParts parts = http::SplitUrl(url);
  const std::string where = fmt::format("container endpoint {}://{}", parts.scheme, parts.host);
  if (!MayAsk(parts)) {
    return Fail(ErrorKind::kBadConfig,
                fmt::format("{}: credentials are asked for over https, or from this machine, ECS or EKS only",
                            where));
  }
  RTL_TRY(const std::string token, AuthorizationToken(context.surroundings));
  http::Request request{.url = url,
                        .connect_timeout = std::chrono::milliseconds(1'000),
                        .timeout = std::chrono::milliseconds(5'000),
                        .max_response_bytes = 1 << 20};
  if (!token.empty()) request.headers.push_back({"Authorization", token});
  RTL_TRY(const http::Response response, AskPatiently(context, request, where));
  if (response.status != 200) {
    const bool passes = response.status >= 500 || response.status == 429;
    return Fail(passes ? ErrorKind::kUnavailable : ErrorKind::kPermissionDenied,
                fmt::format("{}: answered {}", where, response.status));
  }
  auto credentials = CredentialsFromJson(response.body, where);
  if (!credentials) return Fail(credentials.error().Wrap(where));
  return Found{.credentials = *std::move(credentials), .absence = {}};
}

}  // namespace rtl::aws
