// What a longer command is doing, on standard error: one line that is drawn over where that is a terminal,
// else a log line every few seconds.
#pragma once

#include <chrono>
#include <string>

#include "cli/environment.h"
#include "cli/event_log.h"

namespace rtl::cli {

// One thread at a time. Nothing else may write to `err` while a line is drawn: Erase() first.
class StepProgress {
 public:
  StepProgress(const Output& err, LogFormat format);
  ~StepProgress();
  StepProgress(const StepProgress&) = delete;
  StepProgress& operator=(const StepProgress&) = delete;

  void Tell(const std::string& line);  // as often as one likes
  void Erase();

 private:
  const Output& err_;
  EventLog log_;
  std::chrono::steady_clock::time_point told_at_;
  bool drawn_ = false;
};

}  // namespace rtl::cli
