// The proxy's own paths:
//   /__proxy__/counters                                    requests by kind, faults by name, bytes, as JSON
//   /__proxy__/reset                                       counters to zero
//   /__proxy__/set?seed=5&delay_ms=30&slow_down=0.1 ...    changes settings
//   /__proxy__/script?contains=bad.txt&status=403 ...      adds a scripted answer (method, code, body, times)
//   /__proxy__/clear                                       no faults, no delays, no scripted answers
#pragma once

#include <optional>
#include <string>

#include "faults.h"
#include "session.h"

namespace rtl::proxy {

// The answer's body, empty for a control request that makes no sense; nothing when the request is no control
// request.
std::optional<std::string> Control(Proxy& proxy, const RequestLine& request);

}  // namespace rtl::proxy
