#include "cli/commands.h"
#include "cli/reports_json.h"
#include "cli/session.h"

namespace rtl::cli {

Result<int> RunVerify(const Invocation& invocation, const Environment& environment) {
  RTL_TRY(const Session session, OpenSession(invocation.config, environment, nullptr, false));
  RTL_TRY(const load::VerifyReport report, session.loader->Verify(invocation.fast, environment.stop));
  environment.out.write(invocation.json ? VerifyJson(report) + "\n" : VerifyText(report, session.places));
  return report.differences.empty() ? kExitOk : kExitDiffers;
}

}  // namespace rtl::cli
