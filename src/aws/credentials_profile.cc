// A profile of ~/.aws/config and ~/.aws/credentials: keys, a command, an SSO login, or a role assumed with
// what another profile or place gives.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "aws/credentials_json.h"
#include "aws/credentials_sources.h"
#include "aws/profile_files.h"

namespace rtl::aws {
namespace {

using MaybeCredentials = Result<std::optional<Credentials>>;  // nullopt: the profile has none

MaybeCredentials StaticKeys(const std::string& name, const Profile& profile) {
  if (!profile.Has("aws_access_key_id") && !profile.Has("aws_secret_access_key")) return std::nullopt;
  if (!profile.Has("aws_access_key_id") || !profile.Has("aws_secret_access_key")) {
    return Fail(
        ErrorKind::kBadConfig,
        fmt::format("profile {} has one of aws_access_key_id and aws_secret_access_key without the other",
                    name));
  }
  return Credentials{.access_key_id = profile.Get("aws_access_key_id"),
                     .secret_access_key = profile.Get("aws_secret_access_key"),
                     .session_token = profile.Get("aws_session_token"),
                     .expires_at = std::nullopt,
                     .source = fmt::format("profile {} in {}", name, profile.files.front())};
}

Result<Credentials> FromCommand(const SourceContext& context, const std::string& name,
                                const std::string& command) {
  const std::string source = fmt::format("credential_process of profile {}", name);
  const auto output = context.surroundings.run(command);
  if (!output) return Fail(output.error().Wrap(source));
  const auto values = ReadFlatJson(*output);
  if (!values) return Fail(values.error().Wrap(source));
  const auto version = values->find("Version");
  if (version == values->end() || version->second != "1") {
    return Fail(ErrorKind::kBadData, source + ": the answer's Version is not 1");
  }
  auto credentials = CredentialsFromJson(*output, source);
  if (!credentials) return Fail(credentials.error().Wrap(source));
  return credentials;
}

// The profiles that lead to one another by source_profile.
class ProfileChain {
 public:
  ProfileChain(const SourceContext& context, const ProfileFiles& files) : context_(context), files_(files) {}

  MaybeCredentials Resolve(const std::string& name) {
    const auto found = files_.profiles.find(name);
    if (found == files_.profiles.end()) {
      return Fail(ErrorKind::kBadConfig,
                  fmt::format("profile {}, the source_profile of {}, is not in {}", name, visited_.back(),
                              fmt::join(files_.looked_at, ", ")));
    }
    const Profile& profile = found->second;
    if (std::ranges::find(visited_, name) != visited_.end()) {
      // a profile with a role and keys may be its own source
      if (visited_.back() == name) {
        RTL_TRY(auto keys, StaticKeys(name, profile));
        if (keys) return keys;
      }
      return Fail(ErrorKind::kBadConfig, fmt::format("the profiles {} and {} are each other's source_profile",
                                                     fmt::join(visited_, ", "), name));
    }
    visited_.push_back(name);
    if (profile.Has("role_arn")) return Assume(name, profile);
    RTL_TRY(auto keys, StaticKeys(name, profile));
    if (keys) return keys;
    if (profile.Has("sso_session") || profile.Has("sso_start_url")) {
      return FromSso(context_, files_, name, profile);
    }
    if (profile.Has("credential_process"))
      return FromCommand(context_, name, profile.Get("credential_process"));
    return std::nullopt;
  }

 private:
  MaybeCredentials Assume(const std::string& name, const Profile& profile) {
    RoleRequest role{.role_arn = profile.Get("role_arn"),
                     .session_name = profile.Get("role_session_name"),
                     .external_id = profile.Get("external_id")};
    if (const std::string text = profile.Get("duration_seconds"); !text.empty()) {
      int seconds = 0;
      const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
      if (failure != std::errc() || end != text.data() + text.size() || seconds <= 0) {
        return Fail(ErrorKind::kBadConfig, fmt::format("profile {}: duration_seconds is no number", name));
      }
      role.duration = std::chrono::seconds(seconds);
    }
    if (profile.Has("mfa_serial")) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("profile {}: mfa_serial asks for a code, and there is nobody to ask", name));
    }
    if (profile.Has("web_identity_token_file")) {
      return AssumeWithTokenFile(context_, profile.Get("web_identity_token_file"), role);
    }
    RTL_TRY(const Credentials with, Source(name, profile));
    auto assumed = AssumeRole(StsFor(context_), with, role);
    if (!assumed) return Fail(assumed.error().Wrap(fmt::format("profile {}, with {}", name, with.source)));
    assumed->source = fmt::format("role {} of profile {}, assumed with {}", role.role_arn, name, with.source);
    return assumed;
  }

  Result<Credentials> Source(const std::string& name, const Profile& profile) {
    const std::string source_profile = profile.Get("source_profile");
    const std::string place = profile.Get("credential_source");
    if (source_profile.empty() == place.empty()) {
      return Fail(
          ErrorKind::kBadConfig,
          fmt::format("profile {}: role_arn needs one of source_profile and credential_source", name));
    }
    if (!source_profile.empty()) {
      RTL_TRY(auto credentials, Resolve(source_profile));
      if (credentials) return *std::move(credentials);
      return Fail(
          ErrorKind::kBadConfig,
          fmt::format("profile {}, the source_profile of {}, has no credentials", source_profile, name));
    }
    CredentialsOptions options = context_.options;
    options.profile.clear();  // the environment is what is asked for
    const SourceContext context{.options = options,
                                .client = context_.client,
                                .surroundings = context_.surroundings,
                                .clock = context_.clock};
    Result<Found> found =
        place == "Environment"           ? FromEnvironment(context)
        : place == "Ec2InstanceMetadata" ? FromInstance(context)
        : place == "EcsContainer"
            ? FromContainer(context)
            : Fail(ErrorKind::kBadConfig, fmt::format("there is no credential_source {}", place));
    if (!found) return Fail(found.error().Wrap(fmt::format("profile {}", name)));
    if (found->credentials) return *std::move(found->credentials);
    return Fail(ErrorKind::kBadConfig, fmt::format("profile {}: {}", name, found->absence));
  }

  const SourceContext& context_;
  const ProfileFiles& files_;
  std::vector<std::string> visited_;
};

}  // namespace

Result<Found> FromProfile(const SourceContext& context) {
  const ProfileChoice choice = ChooseProfile(context.options, context.surroundings);
  RTL_TRY(const ProfileFiles files, LoadProfileFiles(context.surroundings));
  const auto found = files.profiles.find(choice.name);
  if (found == files.profiles.end()) {
    std::string absence = fmt::format("profile {}: not in {}", choice.name, fmt::join(files.looked_at, ", "));
    if (choice.is_named) return Fail(ErrorKind::kBadConfig, std::move(absence));
    return Found{.credentials = std::nullopt, .absence = std::move(absence)};
  }
  RTL_TRY(auto credentials, ProfileChain(context, files).Resolve(choice.name));
  if (credentials) return Found{.credentials = std::move(credentials), .absence = {}};
  return Found{.credentials = std::nullopt,
               .absence = fmt::format("profile {}: no credentials in {}", choice.name,
                                      fmt::join(found->second.files, ", "))};
}

}  // namespace rtl::aws
