#include "discover/notices.h"

#include <fmt/format.h>

#include <utility>

namespace rtl::discover {

void Notices::Say(const std::string& topic, std::string text, Time now) {
  if (!on_notice_) return;
  {
    const std::lock_guard lock(mutex_);
    const auto [known, is_new] = topics_.try_emplace(topic, Topic{.said = now});
    if (!is_new && now - known->second.said < std::chrono::minutes(1)) {
      ++known->second.left_out;
      return;
    }
    if (known->second.left_out > 0) text += fmt::format(" (and {} more like it)", known->second.left_out);
    known->second = {.said = now};
  }
  on_notice_(std::move(text));
}

}  // namespace rtl::discover
