#include "cli/aws_session.h"

#include <fmt/format.h>

#include <cctype>

#include "aws/sts.h"

namespace rtl::cli {
namespace {

aws::CredentialsOptions OptionsOf(const S3Settings& settings) {
  aws::CredentialsOptions options;
  options.access_key_id = settings.access_key_id;
  options.secret_access_key = settings.secret_access_key;
  options.session_token = settings.session_token;
  options.profile = settings.profile;
  options.role_arn = settings.role_arn;
  options.region = settings.region;
  options.anonymous = settings.anonymous;
  return options;
}

std::string NameOf(const S3Settings& s) {
  return fmt::format("{}\n{}\n{}\n{}\n{}", s.access_key_id, s.profile, s.role_arn, s.region, s.anonymous);
}

}  // namespace

AwsSession::AwsSession(std::stop_token stop, aws::Surroundings surroundings)
    : stop_(std::move(stop)), surroundings_(std::move(surroundings)) {}

std::shared_ptr<http::Client> AwsSession::Client(const S3Settings& settings) {
  const std::lock_guard lock(mutex_);
  auto& client = clients_[settings.ca_file];
  if (!client) {
    http::ClientOptions options;
    options.ca_file = settings.ca_file;
    client = http::MakeClient(options);
  }
  return client;
}

std::shared_ptr<aws::CredentialsProvider> AwsSession::Credentials(const S3Settings& settings) {
  const auto client = Client(settings);
  const std::lock_guard lock(mutex_);
  auto& provider = credentials_[NameOf(settings)];
  if (!provider) provider = aws::MakeCredentialsProvider(OptionsOf(settings), client, surroundings_);
  return provider;
}

std::string AwsSession::Region(const S3Settings& settings) {
  const auto client = Client(settings);
  const std::lock_guard lock(mutex_);
  const auto [region, is_new] = regions_.try_emplace(NameOf(settings));
  if (is_new) region->second = aws::ResolveRegion(OptionsOf(settings), *client, surroundings_);
  return region->second;
}

std::string AwsSession::Endpoint(const S3Settings& settings, const std::string& service) const {
  if (!settings.endpoint.empty()) return settings.endpoint;
  std::string name = "AWS_ENDPOINT_URL_";
  for (const char c : service) name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const std::string& variable : {name, std::string("AWS_ENDPOINT_URL")}) {
    const auto found = surroundings_.environment.find(variable);
    if (found != surroundings_.environment.end() && !found->second.empty()) return found->second;
  }
  return {};
}

std::optional<Result<std::string>> AwsSession::WhoAmI(const S3Settings& settings) {
  const bool own_server = !Endpoint(settings, "s3").empty() && Endpoint({}, "sts").empty();
  if (own_server || settings.anonymous) return std::nullopt;
  const aws::StsContext sts{Client(settings), aws::FindStsEndpoint(surroundings_, Region(settings)),
                            SystemClock()};
  auto identity = aws::WhoAmI(sts, Credentials(settings));
  if (!identity) return Fail(identity.error());
  return fmt::format("{} (account {})", identity->arn, identity->account);
}

s3::Options AwsSession::S3Options(const S3Settings& settings, std::string endpoint, std::string region) {
  s3::Options options;
  options.endpoint = std::move(endpoint);
  options.region = std::move(region);
  if (settings.addressing == "path") options.addressing = s3::Addressing::kPath;
  if (settings.addressing == "virtual") options.addressing = s3::Addressing::kVirtualHost;
  options.requester_pays = settings.requester_pays;
  options.sse = settings.sse;
  options.sse_kms_key_id = settings.sse_kms_key_id;
  options.sse_customer_key = settings.sse_customer_key;
  options.storage_class = settings.storage_class;
  if (settings.checksum == "sha256") options.checksum = s3::Checksum::kSha256;
  if (settings.checksum == "none") options.checksum = s3::Checksum::kNone;
  options.retry.budget = settings.retry_budget;
  options.max_concurrent = settings.max_requests;
  return options;
}

Result<std::unique_ptr<store::ObjectStore>> AwsSession::OpenStore(const std::string& uri,
                                                                  const S3Settings& settings) {
  RTL_TRY(s3::Location location, s3::ParseUri(uri));
  s3::Options options = S3Options(settings, Endpoint(settings, "s3"), Region(settings));
  options.stop = stop_;
  return s3::OpenS3Store(std::move(location), std::move(options), Client(settings), Credentials(settings),
                         counters_);
}

}  // namespace rtl::cli
