#include "load/worker_pool.h"

namespace rtl::load {

WorkerPool::WorkerPool(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

void WorkerPool::Push(std::function<void()> run) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(run));
  }
  wake_.notify_one();
}

void WorkerPool::Run() {
  for (;;) {
    std::function<void()> run;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      run = std::move(queue_.front());
      queue_.pop_front();
    }
    run();
  }
}

}  // namespace rtl::load
