#include "cli/receive_events.h"

namespace rtl::cli {

Result<std::shared_ptr<void>> ReceiveEvents(AwsSession&, const Config&, const std::string&, discover::OnHint,
                                            std::function<void(std::string line)>) {
  return Fail(ErrorKind::kUnsupported, "events are not there yet");
}

}  // namespace rtl::cli
