#include <optional>

#include "cli/commands.h"
#include "cli/progress_display.h"
#include "cli/reports_json.h"
#include "cli/session.h"

namespace rtl::cli {

Result<int> RunSync(const Invocation& invocation, const Environment& environment) {
  std::optional<ProgressDisplay> display(std::in_place, environment.err, invocation.config.log_format);
  RTL_TRY(Session session, OpenSession(invocation.config, environment, &*display, MissingTables::kCreate));
  RTL_TRY(const load::SyncReport report, session.loader->Sync(environment.stop, invocation.bounds));
  // The report follows the bar, not the other way round. The loader has no more to tell.
  session.loader.reset();
  display.reset();
  environment.out.write(invocation.json ? SyncJson(report, session.places) + "\n"
                                        : SyncText(report, session.places));
  if (!report.converged()) return kExitNotConverged;
  return report.left_over > 0 ? kExitMoreLeft : kExitOk;
}

}  // namespace rtl::cli
