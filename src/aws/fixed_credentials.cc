#include "aws/credentials.h"

namespace rtl::aws {
namespace {

class FixedCredentials final : public CredentialsProvider {
 public:
  explicit FixedCredentials(Credentials credentials) : credentials_(std::move(credentials)) {}
  Result<Credentials> Get() override { return credentials_; }
  void Invalidate(const Credentials&) override {}

 private:
  const Credentials credentials_;
};

}  // namespace

std::shared_ptr<CredentialsProvider> MakeFixedCredentials(Credentials credentials) {
  return std::make_shared<FixedCredentials>(std::move(credentials));
}

}  // namespace rtl::aws

#include <cstdlib>
#include <unistd.h>

namespace rtl::aws {
std::shared_ptr<CredentialsProvider> MakeCredentialsProvider(CredentialsOptions options, std::shared_ptr<http::Client>,
                                                             Surroundings s, const Clock&) {
  if (options.anonymous) return MakeFixedCredentials({});
  if (!options.access_key_id.empty())
    return MakeFixedCredentials({options.access_key_id, options.secret_access_key, options.session_token, {}, "options"});
  return MakeFixedCredentials({s.environment["AWS_ACCESS_KEY_ID"], s.environment["AWS_SECRET_ACCESS_KEY"],
                               s.environment["AWS_SESSION_TOKEN"], {}, "environment"});
}
Surroundings ProcessSurroundings() {
  Surroundings s;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view text(*at);
    const auto equals = text.find('=');
    if (equals != text.npos) s.environment[std::string(text.substr(0, equals))] = text.substr(equals + 1);
  }
  return s;
}
std::string ResolveRegion(const CredentialsOptions& options, http::Client&, const Surroundings& s) {
  if (!options.region.empty()) return options.region;
  const auto found = s.environment.find("AWS_REGION");
  return found == s.environment.end() ? "" : found->second;
}
}  // namespace rtl::aws
