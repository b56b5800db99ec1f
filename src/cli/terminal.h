// What the user's terminal is.
#pragma once

#include "cli/environment.h"

namespace rtl::cli {

// The process's standard output or error (descriptor 1 or 2). Colour only on a terminal without NO_COLOR.
Output StandardOutput(int descriptor);

}  // namespace rtl::cli
