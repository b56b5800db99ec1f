#include "cli/commands.h"
#include "cli/reports_json.h"
#include "cli/session.h"

namespace rtl::cli {

Result<int> RunPlan(const Invocation& invocation, const Environment& environment) {
  RTL_TRY(const Session session, OpenSession(invocation.config, environment, nullptr, false));
  RTL_TRY(const load::PlanReport report, session.loader->Plan());
  environment.out.write(invocation.json ? PlanJson(report) + "\n" : PlanText(report, session.places));
  return kExitOk;
}

}  // namespace rtl::cli
