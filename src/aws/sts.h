// AWS's Security Token Service: roles, and who one is.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "aws/credentials.h"
#include "core/error.h"
#include "core/time.h"
#include "http/client.h"

namespace rtl::aws {

struct StsEndpoint {
  std::string url;     // without a path
  std::string region;  // to sign for
};
// AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL (unless AWS_IGNORE_CONFIGURED_ENDPOINT_URLS), else the region's own;
// without a region the global one.
StsEndpoint FindStsEndpoint(const Surroundings& surroundings, const std::string& region);

struct StsContext {
  std::shared_ptr<http::Client> client;
  StsEndpoint endpoint;
  const Clock& clock;
};

struct RoleRequest {
  std::string role_arn;
  std::string session_name;          // empty: one of ours
  std::string external_id;           // empty: none
  std::chrono::seconds duration{0};  // 0: an hour, as AWS decides
};

// Credentials without a source: the caller knows it. kPermissionDenied: refused; kUnavailable: after some
// tries; kBadConfig: what was asked for cannot be.
Result<Credentials> AssumeRole(const StsContext& sts, const Credentials& with, const RoleRequest& role);
Result<Credentials> AssumeRoleWithWebIdentity(const StsContext& sts, const RoleRequest& role,
                                              const std::string& token);

struct Identity {
  std::string account;
  std::string arn;
  std::string user_id;
};
// Needs no permission. Errors as AssumeRole.
Result<Identity> WhoAmI(const StsContext& sts, std::shared_ptr<CredentialsProvider> credentials);

}  // namespace rtl::aws
