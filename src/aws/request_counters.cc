#include "aws/caller.h"

namespace rtl::aws {

void RequestCounters::Count(std::string_view kind, std::int64_t sent, std::int64_t received, bool is_retry,
                            bool throttled) {
  const std::lock_guard lock(mutex_);
  ++totals_.requests[std::string(kind)];
  totals_.retries += is_retry ? 1 : 0;
  totals_.throttled += throttled ? 1 : 0;
  totals_.bytes_sent += sent;
  totals_.bytes_received += received;
}

RequestCounters::Totals RequestCounters::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

}  // namespace rtl::aws
