// A fixed number of threads that run what is submitted, in order of submission.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace rtl::load {

class WorkerPool {
 public:
  explicit WorkerPool(int threads);
  ~WorkerPool();  // runs what is queued, then joins

  // Any thread. The future holds the function's result.
  template <typename Function>
  auto Submit(Function function) -> std::future<std::invoke_result_t<Function>> {
    auto task = std::make_shared<std::packaged_task<std::invoke_result_t<Function>()>>(std::move(function));
    auto future = task->get_future();
    Push([task] { (*task)(); });
    return future;
  }

  int threads() const { return static_cast<int>(threads_.size()); }

 private:
  void Push(std::function<void()> run);
  void Run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace rtl::load
