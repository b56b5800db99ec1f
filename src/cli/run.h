// The program from its arguments to its exit code.
#pragma once

#include <span>
#include <string>

#include "cli/environment.h"

namespace rtl::cli {

// `arguments` without the program's name. Prints errors: one line "rtloader: error: ..." on err, with --json
// also an object on out.
int Run(std::span<const char* const> arguments, const Environment& environment);

// "rtloader: error: message; what to do next", one line without its end.
std::string ErrorLine(const Error& error);

// 2 for the user's settings, 128 + signal for a stop that was asked for, else 1.
int ExitCodeOf(const Error& error, int stop_signal);

}  // namespace rtl::cli
