#include <fmt/format.h>

#include <array>

#include "aws/credentials_sources.h"

namespace rtl::aws {
namespace {

Result<Credentials> FirstFound(const SourceContext& context) {
  using Place = Result<Found> (*)(const SourceContext&);
  constexpr std::array kPlaces{Place{FromOptions}, Place{FromEnvironment}, Place{FromWebIdentity},
                               Place{FromProfile}, Place{FromContainer},   Place{FromInstance}};
  std::string absences;
  for (const Place place : kPlaces) {
    RTL_TRY(Found found, place(context));
    if (found.credentials) return *std::move(found.credentials);
    absences += "\n  " + found.absence;
  }
  return Fail(ErrorKind::kBadConfig, "no AWS credentials found; looked at:" + absences);
}

}  // namespace

StsContext StsFor(const SourceContext& context) {
  return {.client = context.client,
          .endpoint =
              FindStsEndpoint(context.surroundings, ConfiguredRegion(context.options, context.surroundings)),
          .clock = context.clock};
}

Result<Credentials> FindCredentials(const SourceContext& context) {
  if (context.options.anonymous) {
    Credentials nobody;
    nobody.source = "anonymous";
    return nobody;
  }
  RTL_TRY(Credentials found, FirstFound(context));
  const std::string& role = context.options.role_arn;
  if (role.empty()) return found;
  auto assumed = AssumeRole(StsFor(context), found, {.role_arn = role});
  if (!assumed) return Fail(assumed.error().Wrap(fmt::format("with {}", found.source)));
  assumed->source = fmt::format("role {}, assumed with {}", role, found.source);
  return assumed;
}

}  // namespace rtl::aws
