// A loader with the stores and folders that a command's configuration names.
#pragma once

#include <memory>

#include "cli/config.h"
#include "cli/environment.h"
#include "cli/reports_text.h"
#include "cli/run_telemetry.h"

namespace rtl::cli {

struct Session {
  std::shared_ptr<RunTelemetry> telemetry;
  std::unique_ptr<store::ObjectStore> source;
  std::unique_ptr<store::ObjectStore> tables;
  std::unique_ptr<load::Loader> loader;  // last: it uses the stores
  Places places;
};

enum class MissingTables {
  kCreate,        // make the folder and the tables
  kTreatAsEmpty,  // as if they held nothing; nothing is made
  kRefuse,        // kBadConfig
};

// `observer` may be null.
Result<Session> OpenSession(const Config& config, const Environment& environment, load::Observer* observer,
                            MissingTables missing);

}  // namespace rtl::cli
