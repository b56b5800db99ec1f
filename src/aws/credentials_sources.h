// The places where credentials may be, one function each; MakeCredentialsProvider asks them in order.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "aws/profile_files.h"
#include "aws/sts.h"
#include "core/error.h"
#include "core/time.h"
#include "http/client.h"

namespace rtl::aws {

// What every place may use. References outlive the call; `client` is shared because calls to STS keep it.
struct SourceContext {
  const CredentialsOptions& options;
  const std::shared_ptr<http::Client>& client;
  const Surroundings& surroundings;
  const Clock& clock;
};

// What one place said. An error instead: the place is there and would have to give credentials, but does not.
struct Found {
  std::optional<Credentials> credentials;
  std::string absence;  // without credentials, for people: "environment: AWS_ACCESS_KEY_ID is not set"
};

// A variable of the environment; empty when not set.
std::string Variable(const Surroundings& surroundings, std::string_view name);
bool IsTrue(std::string_view value);  // "true" in any case, "1"

// The profile to use, and whether somebody named it (options or AWS_PROFILE).
struct ProfileChoice {
  std::string name;
  bool is_named = false;
};
ProfileChoice ChooseProfile(const CredentialsOptions& options, const Surroundings& surroundings);

Result<Found> FromOptions(const SourceContext& context);
Result<Found> FromEnvironment(const SourceContext& context);
Result<Found> FromWebIdentity(const SourceContext& context);
Result<Found> FromProfile(const SourceContext& context);
Result<Found> FromContainer(const SourceContext& context);
Result<Found> FromInstance(const SourceContext& context);

// All of them in order, then options.role_arn. kBadConfig: none; lists what was found where.
Result<Credentials> FindCredentials(const SourceContext& context);

// Parts of the above.
Result<Credentials> AssumeWithTokenFile(const SourceContext& context, const std::string& token_file,
                                        const RoleRequest& role);
Result<Credentials> FromSso(const SourceContext& context, const ProfileFiles& files, const std::string& name,
                            const Profile& profile);

// What the settings say of the region, without asking the instance.
std::string ConfiguredRegion(const CredentialsOptions& options, const Surroundings& surroundings);
StsContext StsFor(const SourceContext& context);

// A request that only reads, a second time when the first one failed in passing.
Result<http::Response> AskTwice(http::Client& client, const Clock& clock, const http::Request& request);
// The same; an error, which names `where`, is never kCommitUnknown.
Result<http::Response> AskPatiently(const SourceContext& context, const http::Request& request,
                                    std::string_view where);

}  // namespace rtl::aws
