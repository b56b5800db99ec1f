#include "flow/object_version.h"

namespace rtl {

std::string ObjectVersion::Identity() const {
  return settled ? Name() : Name() + "~";
}

}  // namespace rtl
