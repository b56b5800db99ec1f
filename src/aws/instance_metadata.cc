#include "aws/instance_metadata.h"

#include <fmt/format.h>

#include "aws/credentials_json.h"
#include "aws/sign.h"

namespace rtl::aws {
namespace {

using std::chrono::milliseconds;

std::string EndpointOf(const Surroundings& surroundings) {
  std::string endpoint = Variable(surroundings, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  while (endpoint.ends_with('/')) endpoint.pop_back();
  if (!endpoint.empty()) return endpoint;
  const std::string mode = Variable(surroundings, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
  return mode == "IPv6" || mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
}

}  // namespace

InstanceMetadata::InstanceMetadata(http::Client& client, const Surroundings& surroundings, const Clock& clock)
    : client_(client),
      clock_(clock),
      is_disabled_(IsTrue(Variable(surroundings, "AWS_EC2_METADATA_DISABLED"))),
      endpoint_(EndpointOf(surroundings)) {}

Result<http::Response> InstanceMetadata::Send(http::Request request) {
  request.connect_timeout = milliseconds(1'000);
  request.timeout = milliseconds(2'000);
  request.max_response_bytes = 1 << 20;
  return AskTwice(client_, clock_, request);
}

Result<std::string> InstanceMetadata::Absence() {
  if (is_disabled_) return "switched off by AWS_EC2_METADATA_DISABLED";
  auto response = Send({.method = "PUT",
                        .url = endpoint_ + "/latest/api/token",
                        .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}}});
  if (!response) {
    // inside a container also an instance that lets answers pass one router only
    return fmt::format("no answer from {}", endpoint_);
  }
  if (response->status >= 500) {
    return Fail(ErrorKind::kUnavailable,
                fmt::format("instance metadata: {} answered {}", endpoint_, response->status));
  }
  if (response->status != 200) return fmt::format("{} gives no token (HTTP {})", endpoint_, response->status);
  token_ = std::move(response->body);
  return std::string();
}

Result<std::optional<std::string>> InstanceMetadata::Get(const std::string& path) {
  RTL_TRY(http::Response response,
          Send({.url = endpoint_ + path, .headers = {{"X-aws-ec2-metadata-token", token_}}}));
  if (response.status == 404) return std::nullopt;
  if (response.status != 200) {
    return Fail(ErrorKind::kUnavailable,
                fmt::format("instance metadata: {}{} answered {}", endpoint_, path, response.status));
  }
  return std::move(response.body);
}

Result<Found> FromInstance(const SourceContext& context) {
  constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";
  InstanceMetadata metadata(*context.client, context.surroundings, context.clock);
  const auto absent = [](std::string_view why) {
    return Found{.credentials = std::nullopt, .absence = fmt::format("instance metadata: {}", why)};
  };
  RTL_TRY(const std::string absence, metadata.Absence());
  if (!absence.empty()) return absent(absence);
  RTL_TRY(const auto roles, metadata.Get(std::string(kRoles)));
  const std::string role = roles ? roles->substr(0, roles->find('\n')) : std::string();
  if (role.empty()) return absent("the instance has no role");
  RTL_TRY(const auto json, metadata.Get(std::string(kRoles) + UriEncode(role, false)));
  if (!json) return absent(fmt::format("no credentials for the role {}", role));
  const std::string source = fmt::format("instance role {}", role);
  if (const auto values = ReadFlatJson(*json)) {
    const auto code = values->find("Code");
    if (code != values->end() && code->second != "Success") {
      return Fail(ErrorKind::kUnavailable,
                  fmt::format("{}: the metadata service says {}", source, code->second));
    }
  }
  auto credentials = CredentialsFromJson(*json, source);
  if (!credentials) return Fail(credentials.error().Wrap(source));
  return Found{.credentials = *std::move(credentials), .absence = {}};
}

}  // namespace rtl::aws
