#include "cli/commands.h"
#include "cli/reports_json.h"
#include "cli/session.h"

namespace rtl::cli {

Result<int> RunVerify(const Invocation& invocation, const Environment& environment) {
  RTL_TRY(const Session session,
          OpenSession(invocation.config, environment, nullptr, MissingTables::kRefuse));
  RTL_TRY(load::VerifyReport report, session.loader->Verify(invocation.fast, environment.stop));
  std::vector<load::Difference> before;
  if (invocation.repair && !report.differences.empty()) {
    RTL_CHECK(session.loader->Repair(report, environment.stop));
    before = std::move(report.differences);
    RTL_TRY(report, session.loader->Verify(invocation.fast, environment.stop));
  }
  environment.out.write(invocation.json ? VerifyJson(report, before) + "\n"
                                        : VerifyText(report, session.places, before));
  return report.differences.empty() ? kExitOk : kExitDiffers;
}

}  // namespace rtl::cli
