// After a stop is asked for, what is under way may end; when that takes too long (a server that does not
// answer, requests that are tried again), waiting is given up too.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace rtl::cli {

class GracePeriod {
 public:
  GracePeriod(const std::stop_token& asked, std::chrono::milliseconds grace)
      : thread_([this, grace](const std::stop_token& ended) { Wait(ended, grace); }),
        begin_(asked, Begin{this}) {}
  ~GracePeriod() {
    thread_.request_stop();
    changed_.notify_all();
  }
  GracePeriod(const GracePeriod&) = delete;
  GracePeriod& operator=(const GracePeriod&) = delete;

  // Requested when the grace is over.
  std::stop_token over() const { return over_.get_token(); }

 private:
  struct Begin {
    GracePeriod* period;
    void operator()() const {
      {
        const std::lock_guard lock(period->mutex_);
        period->begun_ = true;
      }
      period->changed_.notify_all();
    }
  };

  void Wait(const std::stop_token& ended, std::chrono::milliseconds grace) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, ended, [this] { return begun_; })) return;
    changed_.wait_for(lock, ended, grace, [] { return false; });
    lock.unlock();
    if (!ended.stop_requested()) over_.request_stop();
  }

  std::stop_source over_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool begun_ = false;
  std::jthread thread_;
  std::stop_callback<Begin> begin_;
};

}  // namespace rtl::cli
