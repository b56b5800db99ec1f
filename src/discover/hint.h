// A hint that a key may have changed, and the way back to who brought it.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/time.h"

namespace rtl::discover {

struct Hint {
  std::string key;                      // below the source's prefix; never empty
  std::optional<Timestamp> event_time;  // when the change was made, as the event says
  // Called exactly once, from any thread, at any time, also after its giver is gone. True: the change is
  // committed, or there was nothing to do, or the file is recorded as failed. False: given up; whoever sent
  // the event is to send it again. Does not block for long.
  std::function<void(bool handled)> done;
};

// Called from any thread. May block while the consumer has no room: the giver then takes up no more.
using OnHint = std::function<void(Hint)>;

}  // namespace rtl::discover
