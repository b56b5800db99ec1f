// Random (version 4) UUIDs for data file names and commit identities.
#pragma once

#include <string>

namespace rtl {

std::string NewUuid();  // 36 characters, lower case; any thread

}  // namespace rtl
