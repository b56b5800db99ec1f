// Progress of a run as it happens: a bar where standard error is a terminal, else a log line every few
// seconds.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "cli/environment.h"
#include "cli/event_log.h"
#include "cli/progress.h"

namespace rtl::cli {

// Threads: callbacks from any. The bar is gone when the object is; nothing else may write to `err` meanwhile.
class ProgressDisplay : public load::Observer {
 public:
  ProgressDisplay(const Output& err, LogFormat format);
  ~ProgressDisplay() override;
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  void OnPlanned(std::int64_t files, std::int64_t bytes) override;
  void OnFileDone(const load::FileReport& file) override;
  void OnNotice(const std::string& message) override;
  void OnUpkeep(const std::string& message) override;

 private:
  void Tick(const std::stop_token& stop);
  void Draw();   // with mutex_ held
  void Erase();  // with mutex_ held

  const Output& err_;
  EventLog log_;
  const std::chrono::steady_clock::time_point began_;
  std::mutex mutex_;
  ProgressCounters counters_;
  bool drawn_ = false;
  std::condition_variable_any wake_;
  std::jthread ticker_;  // last: it uses the rest
};

}  // namespace rtl::cli
