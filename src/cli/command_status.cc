#include "cli/commands.h"
#include "cli/reports_json.h"
#include "cli/session.h"

namespace rtl::cli {

Result<int> RunStatus(const Invocation& invocation, const Environment& environment) {
  RTL_TRY(const Session session, OpenSession(invocation.config, environment, nullptr, false));
  RTL_TRY(const load::StatusReport report, session.loader->Status());
  environment.out.write(invocation.json ? StatusJson(report) + "\n" : StatusText(report, session.places));
  return kExitOk;
}

}  // namespace rtl::cli
