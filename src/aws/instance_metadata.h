// The metadata service of an EC2 instance, version 2 (a token first).
#pragma once

#include <optional>
#include <string>

#include "aws/credentials_sources.h"
#include "core/error.h"
#include "http/client.h"

namespace rtl::aws {

// One session: the token is asked for once.
class InstanceMetadata {
 public:
  InstanceMetadata(http::Client& client, const Surroundings& surroundings, const Clock& clock);

  // Why there is nothing to ask; empty when there is: switched off, or no such service here. Costs up to a
  // few seconds where the address leads nowhere.
  Result<std::string> Absence();
  // After Absence() was empty. nullopt: 404.
  Result<std::optional<std::string>> Get(const std::string& path);

  const std::string& endpoint() const { return endpoint_; }

 private:
  Result<http::Response> Send(http::Request request);

  http::Client& client_;
  const Clock& clock_;
  bool is_disabled_;
  std::string endpoint_;
  std::string token_;
};

}  // namespace rtl::aws
