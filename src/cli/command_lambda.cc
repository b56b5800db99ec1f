#include "cli/commands.h"
namespace rtl::cli {
Result<int> RunLambda(const Invocation&, const Environment&) { return Fail(ErrorKind::kUnsupported, "not yet"); }
}  // namespace rtl::cli
