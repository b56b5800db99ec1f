// ~/.aws/config and ~/.aws/credentials, as AWS documents them for its SDKs and tools.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "aws/credentials.h"
#include "core/error.h"

namespace rtl::aws {

struct Profile {
  std::map<std::string, std::string> values;  // names in lower case
  std::vector<std::string> files;             // that have it; the one that gave the keys first

  std::string Get(std::string_view name) const;  // empty: not there
  bool Has(std::string_view name) const { return !Get(name).empty(); }
};

struct ProfileFiles {
  std::map<std::string, Profile> profiles;
  std::map<std::string, Profile> sso_sessions;
  std::vector<std::string> looked_at;  // "/root/.aws/config (not there)"
};

// Sections and their values: "[name]", "name = value", comments from # or ; on; indented lines belong to the
// value above and are left out. A later value of a name wins.
std::map<std::string, std::map<std::string, std::string>> ParseIni(std::string_view text);

// Both files (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE); where both have a value the credentials file's
// holds. Files that are not there are noted. kBadConfig: a file that is there and cannot be read.
Result<ProfileFiles> LoadProfileFiles(const Surroundings& surroundings);

}  // namespace rtl::aws
