// A loader with the stores and folders that a command's configuration names.
#pragma once

#include <memory>

#include "cli/config.h"
#include "cli/environment.h"
#include "cli/reports_text.h"

namespace rtl::cli {

struct Session {
  std::unique_ptr<store::ObjectStore> source;
  std::unique_ptr<store::ObjectStore> tables;
  std::unique_ptr<load::Loader> loader;  // last: it uses the stores
  Places places;
};

// `create`: makes the tables' folder and the tables. Else they must be there (kBadConfig). `observer` may be
// null.
Result<Session> OpenSession(const Config& config, const Environment& environment, load::Observer* observer,
                            bool create);

}  // namespace rtl::cli
