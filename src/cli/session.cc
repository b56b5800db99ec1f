#include "cli/session.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/paths.h"

namespace rtl::cli {

Result<Session> OpenSession(const Config& config, const Environment& environment, load::Observer* observer,
                            bool create) {
  RTL_TRY(const Folders folders, ResolveFolders(config.source, config.tables, config.load.tables));
  std::error_code error;
  if (!create && !std::filesystem::exists(folders.tables, error)) {
    return Fail(
        ErrorKind::kBadConfig,
        fmt::format("{}: there are no tables yet; rtloader sync SOURCE TABLES makes them", config.tables));
  }
  load::Options options = config.load;
  options.source_uri = folders.source;

  Session session;
  session.places = {.source = folders.source, .tables = folders.tables, .quarantine = ""};
  if (options.quarantine) {
    session.places.quarantine = (std::filesystem::path(folders.tables) / options.tables.quarantine).string();
  }
  RTL_TRY(session.source, environment.open_store(folders.source, false));
  RTL_TRY(session.tables, environment.open_store(folders.tables, create));
  RTL_TRY(session.loader,
          environment.open_loader(*session.source, *session.tables, options, observer, create));
  return session;
}

}  // namespace rtl::cli
