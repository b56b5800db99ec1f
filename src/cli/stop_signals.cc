#include "cli/stop_signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace rtl::cli {
namespace {

sigset_t StopSet() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = StopSet();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  waiter_ = std::thread([this] { Wait(); });
}

StopSignals::~StopSignals() {
  ending_ = true;
  pthread_kill(waiter_.native_handle(), SIGINT);  // wakes sigwait
  waiter_.join();
}

void StopSignals::Wait() {
  const sigset_t set = StopSet();
  while (true) {
    int signal = 0;
    if (sigwait(&set, &signal) != 0) continue;
    if (ending_) return;
    if (signal_ != 0) _exit(128 + signal);
    signal_ = signal;
    source_.request_stop();
  }
}

}  // namespace rtl::cli
