// Jobs done on several threads, whose results one thread takes as they come.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/error.h"

namespace rtl::delta {

struct SideBySide {
  std::size_t threads = 0;  // 0: the calling thread does all
  std::size_t waiting = 4;  // items that may wait to be taken
};

// Items on their way. Any thread gives, one takes.
template <typename Item>
class Handover {
 public:
  Handover(std::size_t givers, std::size_t waiting) : givers_(givers), waiting_(waiting) {}

  bool Give(Item&& item) {  // false: nobody wants more
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || items_.size() < waiting_; });
    if (stopped_) return false;
    items_.push_back(std::move(item));
    changed_.notify_all();
    return true;
  }
  void GiverEnds(Result<> outcome) {
    const std::lock_guard lock(mutex_);
    --givers_;
    if (!outcome) {
      if (!error_) error_ = std::move(outcome).error();
      stopped_ = true;
    }
    changed_.notify_all();
  }
  std::optional<Item> Next() {  // none: all givers have ended, or one has failed
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || givers_ == 0 || !items_.empty(); });
    if (stopped_ || items_.empty()) return std::nullopt;
    std::optional<Item> item(std::move(items_.front()));
    items_.pop_front();
    changed_.notify_all();
    return item;
  }
  void Stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  Result<> Outcome() {  // after all threads have ended
    return error_ ? Result<>(std::unexpected(*error_)) : Result<>();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  std::size_t givers_;
  const std::size_t waiting_;
  bool stopped_ = false;
  std::optional<Error> error_;
};

// produce(job, give) for each job below `jobs`, on `how.threads` threads; give(Item&&) hands over one item
// and returns false when no more are wanted: `produce` should return then. take(Item&&) runs on the calling
// thread alone; items of one job come in order. Ends with the first error of either.
template <typename Item>
Result<> RunSideBySide(
    std::size_t jobs, SideBySide how,
    const std::function<Result<>(std::size_t job, const std::function<bool(Item&&)>& give)>& produce,
    const std::function<Result<>(Item&&)>& take) {
  std::size_t threads = std::min(how.threads, jobs);
  std::optional<Handover<Item>> handover;
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    try {
      for (std::size_t job = next++; job < jobs; job = next++) {
        const auto outcome = produce(job, [&](Item&& item) { return handover->Give(std::move(item)); });
        if (!outcome) return handover->GiverEnds(outcome);
      }
      handover->GiverEnds({});
    } catch (const std::bad_alloc&) {
      handover->GiverEnds(Fail(ErrorKind::kResourceExhausted, "out of memory"));
    } catch (const std::exception& exception) {
      handover->GiverEnds(Fail(ErrorKind::kInternal, exception.what()));
    }
  };

  Result<> outcome;
  if (threads > 0) {
    handover.emplace(threads, std::max<std::size_t>(how.waiting, 1));
    std::vector<std::jthread> running;
    running.reserve(threads);
    std::size_t started = 0;
    try {
      for (; started < threads; ++started) running.emplace_back(work);
    } catch (const std::system_error&) {  // no more threads to be had
      for (std::size_t missing = started; missing < threads; ++missing) handover->GiverEnds({});
    }
    if (started > 0) {
      // Also when `take` throws: threads that wait to give would never end.
      const struct Stopper {
        ~Stopper() { handover.Stop(); }
        Handover<Item>& handover;
      } stopper{*handover};
      while (outcome) {
        auto item = handover->Next();
        if (!item) break;
        outcome = take(std::move(*item));
      }
      handover->Stop();
      running.clear();
      return outcome ? handover->Outcome() : outcome;
    }
  }
  for (std::size_t job = 0; job < jobs; ++job) {
    const auto produced = produce(job, [&](Item&& item) {
      outcome = take(std::move(item));
      return outcome.has_value();
    });
    if (!outcome) return outcome;
    RTL_CHECK(produced);
  }
  return {};
}

}  // namespace rtl::delta
