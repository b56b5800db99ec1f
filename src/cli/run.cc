#include "cli/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/display_text.h"
#include "cli/reports_json.h"

namespace rtl::cli {
namespace {

std::string_view NextStep(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kPermissionDenied:
      return "; check who may read and write that path";
    case ErrorKind::kUnavailable:
    case ErrorKind::kConflict:
      return "; nothing is half done: run the same command again";
    case ErrorKind::kCommitUnknown:
      return "; run the same command again: it finds out what was committed";
    case ErrorKind::kResourceExhausted:
      return "; make room, then run the same command again";
    case ErrorKind::kCancelled:
      return "; what was committed stands: run the same command again to go on";
    case ErrorKind::kInternal:
      return "; this is a fault of rtloader: please report it with this line";
    case ErrorKind::kBadData:
    case ErrorKind::kBadConfig:
    case ErrorKind::kNotFound:
    case ErrorKind::kUnsupported:
      return "";  // the message names what is wrong and where
  }
  return "";
}

Result<int> Dispatch(const Invocation& invocation, const Environment& environment) {
  switch (invocation.command) {
    case Command::kSync:
      return RunSync(invocation, environment);
    case Command::kWatch:
      return RunWatch(invocation, environment);
    case Command::kLambda:
      return RunLambda(invocation, environment);
    case Command::kDoctor:
      return RunDoctor(invocation, environment);
    case Command::kPlan:
      return RunPlan(invocation, environment);
    case Command::kVerify:
      return RunVerify(invocation, environment);
    case Command::kStatus:
      return RunStatus(invocation, environment);
    case Command::kConvertLayout:
      return RunConvertLayout(invocation, environment);
    case Command::kShow:
      return RunShow(invocation, environment);
    case Command::kOptimize:
      return RunOptimize(invocation, environment);
    case Command::kVacuum:
      return RunVacuum(invocation, environment);
    case Command::kCheckpoint:
      return RunCheckpoint(invocation, environment);
    case Command::kCleanLog:
      return RunCleanLog(invocation, environment);
  }
  return Fail(ErrorKind::kInternal, "a command without code");
}

int Report(const Error& error, bool json, const Environment& environment) {
  environment.err.write(ErrorLine(error) + "\n");
  if (json) environment.out.write(ErrorJson(error) + "\n");
  return ExitCodeOf(error, environment.stop_signal());
}

}  // namespace

std::string ErrorLine(const Error& error) {
  return fmt::format("rtloader: error: {}{}", OneLine(error.message()), NextStep(error.kind()));
}

int ExitCodeOf(const Error& error, int stop_signal) {
  if (error.kind() == ErrorKind::kBadConfig) return kExitUsage;
  if (error.kind() == ErrorKind::kCancelled && stop_signal > 0) return 128 + stop_signal;
  return kExitError;
}

int Run(std::span<const char* const> arguments, const Environment& environment) {
  const auto parsed = ParseArguments(arguments, environment.version, environment.variables);
  if (!parsed) {
    const bool json = std::any_of(arguments.begin(), arguments.end(), [](const char* argument) {
      return std::string_view(argument) == "--json";
    });
    return Report(parsed.error(), json, environment);
  }
  if (const auto* answer = std::get_if<Answer>(&*parsed)) {
    environment.out.write(answer->text);
    return kExitOk;
  }
  const auto& invocation = std::get<Invocation>(*parsed);
  const Result<int> code = Dispatch(invocation, environment);
  return code ? *code : Report(code.error(), invocation.json, environment);
}

}  // namespace rtl::cli
