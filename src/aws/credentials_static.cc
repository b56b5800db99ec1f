#include "aws/credentials_sources.h"

namespace rtl::aws {

std::string Variable(const Surroundings& surroundings, std::string_view name) {
  const auto found = surroundings.environment.find(std::string(name));
  return found == surroundings.environment.end() ? std::string() : found->second;
}

bool IsTrue(std::string_view value) {
  std::string lower(value);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return lower == "true" || lower == "1";
}

ProfileChoice ChooseProfile(const CredentialsOptions& options, const Surroundings& surroundings) {
  if (!options.profile.empty()) return {options.profile, true};
  if (const std::string name = Variable(surroundings, "AWS_PROFILE"); !name.empty()) return {name, true};
  return {"default", false};
}

Result<Found> FromOptions(const SourceContext& context) {
  const CredentialsOptions& options = context.options;
  if (options.access_key_id.empty() && options.secret_access_key.empty()) {
    return Found{.credentials = std::nullopt, .absence = "configuration: no access key"};
  }
  if (options.access_key_id.empty() || options.secret_access_key.empty()) {
    return Fail(ErrorKind::kBadConfig,
                "the configuration has one of access_key_id and secret_access_key without the other");
  }
  return Found{.credentials = Credentials{.access_key_id = options.access_key_id,
                                          .secret_access_key = options.secret_access_key,
                                          .session_token = options.session_token,
                                          .expires_at = std::nullopt,
                                          .source = "configuration"},
               .absence = {}};
}

Result<Found> FromEnvironment(const SourceContext& context) {
  // whoever names a profile in the configuration wants that one
  if (!context.options.profile.empty()) {
    return Found{.credentials = std::nullopt,
                 .absence = "environment: not looked at, the configuration names a profile"};
  }
  const std::string id = Variable(context.surroundings, "AWS_ACCESS_KEY_ID");
  const std::string secret = Variable(context.surroundings, "AWS_SECRET_ACCESS_KEY");
  if (id.empty() && secret.empty()) {
    return Found{.credentials = std::nullopt, .absence = "environment: AWS_ACCESS_KEY_ID is not set"};
  }
  if (id.empty() || secret.empty()) {
    return Fail(ErrorKind::kBadConfig, id.empty() ? "AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID"
                                                  : "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY");
  }
  return Found{
      .credentials = Credentials{.access_key_id = id,
                                 .secret_access_key = secret,
                                 .session_token = Variable(context.surroundings, "AWS_SESSION_TOKEN"),
                                 .expires_at = std::nullopt,
                                 .source = "environment"},
      .absence = {}};
}

}  // namespace rtl::aws
