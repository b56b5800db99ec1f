// Who we are to AWS, from the usual places in the usual order: options, environment, web identity (IRSA),
// profile files (with role chaining, credential_process and the SSO cache), container endpoints (ECS, EKS Pod
// Identity), the instance's metadata service (IMDSv2).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/error.h"
#include "core/time.h"
#include "http/client.h"

namespace rtl::aws {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;  // never in a message or a log
  std::string session_token;      // empty: none; never in a message or a log
  std::optional<Timestamp> expires_at;
  std::string
      source;  // for people: "environment", "profile prod in /root/.aws/credentials", "instance role x"
};

// What the process was given. Tests make their own.
struct Surroundings {
  std::map<std::string, std::string> environment;
  std::string home;  // of the user, for ~/.aws
  std::function<Result<std::string>(const std::string& path)> read_file;
  // Runs a command line as a shell would and returns its standard output (credential_process).
  std::function<Result<std::string>(const std::string& command)> run;
};
Surroundings ProcessSurroundings();

struct CredentialsOptions {
  std::string access_key_id;  // of the configuration: first of all when set
  std::string secret_access_key;
  std::string session_token;
  std::string profile;   // empty: AWS_PROFILE, else "default"
  std::string role_arn;  // a role to assume with whatever was found; empty: none
  std::string region;    // for STS; empty: as ResolveRegion says
  bool anonymous = false;
};

// Threads: any. Refreshes before they end (five minutes ahead; one thread refreshes while the others go on
// with what still holds).
class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;
  // kBadConfig: none to be found; the message lists every place that was looked at and what was there.
  // kUnavailable: a place answered with an error that may pass. kPermissionDenied: a role that may not be
  // assumed, a web identity token that is refused. Anonymous: empty access_key_id.
  virtual Result<Credentials> Get() = 0;
  // The server said that these are expired or unknown: the next Get() asks the source anew.
  virtual void Invalidate(const Credentials& refused) = 0;
};

std::shared_ptr<CredentialsProvider> MakeCredentialsProvider(CredentialsOptions options,
                                                             std::shared_ptr<http::Client> client,
                                                             Surroundings surroundings,
                                                             const Clock& clock = SystemClock());
// For tests and for tools that already have them.
std::shared_ptr<CredentialsProvider> MakeFixedCredentials(Credentials credentials);

// options, AWS_REGION, AWS_DEFAULT_REGION, the profile, the instance's metadata; empty when nothing says.
std::string ResolveRegion(const CredentialsOptions& options, http::Client& client,
                          const Surroundings& surroundings);

}  // namespace rtl::aws
