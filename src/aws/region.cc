#include "aws/credentials_sources.h"
#include "aws/instance_metadata.h"

namespace rtl::aws {

std::string ConfiguredRegion(const CredentialsOptions& options, const Surroundings& surroundings) {
  if (!options.region.empty()) return options.region;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (std::string region = Variable(surroundings, name); !region.empty()) return region;
  }
  // a file that cannot be read is reported where credentials are looked for
  if (const auto files = LoadProfileFiles(surroundings)) {
    const auto found = files->profiles.find(ChooseProfile(options, surroundings).name);
    if (found != files->profiles.end() && found->second.Has("region")) return found->second.Get("region");
  }
  return {};
}

std::string ResolveRegion(const CredentialsOptions& options, http::Client& client,
                          const Surroundings& surroundings) {
  if (std::string region = ConfiguredRegion(options, surroundings); !region.empty()) return region;
  InstanceMetadata metadata(client, surroundings, SystemClock());
  if (const auto absence = metadata.Absence(); !absence || !absence->empty()) return {};
  const auto region = metadata.Get("/latest/meta-data/placement/region");
  return region && *region ? **region : std::string();
}

}  // namespace rtl::aws
