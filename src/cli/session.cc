#include "cli/session.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/paths.h"
#include "store/memory_store.h"

namespace rtl::cli {

Result<Session> OpenSession(const Config& config, const Environment& environment, load::Observer* observer,
                            MissingTables missing) {
  RTL_TRY(const Folders folders, ResolveFolders(config.source, config.tables, config.load.tables));
  const bool create = missing == MissingTables::kCreate;
  std::error_code error;
  const bool exist = create || IsS3(folders.tables) || std::filesystem::exists(folders.tables, error);
  if (!exist && missing == MissingTables::kRefuse) {
    return Fail(
        ErrorKind::kBadConfig,
        fmt::format("{}: there are no tables yet; rtloader sync SOURCE TABLES makes them", config.tables));
  }
  load::Options options = config.load;
  options.source_uri = folders.source;
  options.all_versions = config.history == "all";
  if (config.events.any()) options.list_interval = config.events.list_interval;

  Session session;
  session.telemetry = std::make_shared<RunTelemetry>(environment.requests);
  options.run_info = [telemetry = session.telemetry] { return telemetry->Now(); };

  session.places = {.source = folders.source, .tables = folders.tables, .quarantine = ""};
  if (options.quarantine) {
    session.places.quarantine = Below(folders.tables, options.tables.quarantine);
  }
  RTL_TRY(session.source, environment.open_store(folders.source, false, Merged(config.s3, config.source_s3)));
  if (exist) {
    RTL_TRY(session.tables,
            environment.open_store(folders.tables, create, Merged(config.s3, config.tables_s3)));
  } else {
    session.tables = std::make_unique<store::MemoryStore>();
  }
  RTL_TRY(session.loader,
          environment.open_loader(*session.source, *session.tables, options, observer, create));
  return session;
}

}  // namespace rtl::cli
