// Lines for the log about what comes from outside, where one cause may come a thousand times a second.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace rtl::discover {

using OnNotice = std::function<void(std::string text)>;

// Of each topic one line a minute passes; the next one says how many were left out. Threads: any.
class Notices {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Notices(OnNotice on_notice) : on_notice_(std::move(on_notice)) {}

  // `topic` is one of a few constants.
  void Say(const std::string& topic, std::string text, Time now = std::chrono::steady_clock::now());

 private:
  struct Topic {
    Time said;
    std::int64_t left_out = 0;
  };
  const OnNotice on_notice_;
  std::mutex mutex_;
  std::map<std::string, Topic> topics_;
};

}  // namespace rtl::discover
