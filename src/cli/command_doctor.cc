#include "cli/commands.h"
#include "cli/doctor.h"

namespace rtl::cli {

Result<int> RunDoctor(const Invocation& invocation, const Environment& environment) {
  const std::vector<Check> checks = environment.examine(invocation.config);
  environment.out.write(invocation.json ? DoctorJson(checks) + "\n" : DoctorText(checks));
  return IsWell(checks) ? kExitOk : kExitError;
}

}  // namespace rtl::cli
