// SIGINT and SIGTERM as a stop token.
#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

namespace rtl::cli {

// Make it before any other thread: the signals are blocked in the calling thread and in all that it starts
// later. The first signal requests the stop; a second one ends the process at once (safe: commits are
// atomic). One a process.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  std::stop_token token() const { return source_.get_token(); }
  int signal() const { return signal_; }  // the first one; 0 while none

 private:
  void Wait();

  std::stop_source source_;
  std::atomic<int> signal_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread waiter_;
};

}  // namespace rtl::cli
