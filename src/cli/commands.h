// The commands. Each writes its result to environment.out and returns the exit code; an error is for Run() to
// print.
#pragma once

#include "cli/arguments.h"
#include "cli/environment.h"

namespace rtl::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitError = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNotConverged = 3;
inline constexpr int kExitDiffers = 4;
inline constexpr int kExitMoreLeft = 5;

Result<int> RunSync(const Invocation& invocation, const Environment& environment);
Result<int> RunWatch(const Invocation& invocation, const Environment& environment);
Result<int> RunLambda(const Invocation& invocation, const Environment& environment);
Result<int> RunDoctor(const Invocation& invocation, const Environment& environment);
Result<int> RunPlan(const Invocation& invocation, const Environment& environment);
Result<int> RunVerify(const Invocation& invocation, const Environment& environment);
Result<int> RunStatus(const Invocation& invocation, const Environment& environment);
Result<int> RunConvertLayout(const Invocation& invocation, const Environment& environment);
Result<int> RunOptimize(const Invocation& invocation, const Environment& environment);
Result<int> RunVacuum(const Invocation& invocation, const Environment& environment);
Result<int> RunCheckpoint(const Invocation& invocation, const Environment& environment);
Result<int> RunCleanLog(const Invocation& invocation, const Environment& environment);
Result<int> RunShow(const Invocation& invocation, const Environment& environment);

}  // namespace rtl::cli
