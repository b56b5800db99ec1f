#include "s3/parallel.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace rtl::s3 {

Result<> ForEachPiece(std::int64_t count, int threads, const std::function<Result<>(std::int64_t)>& work) {
  std::atomic<std::int64_t> next = 0;
  std::mutex mutex;
  std::optional<Error> failed;
  const auto run = [&] {
    for (std::int64_t i = next++; i < count; i = next++) {
      if (auto done = work(i); !done) {
        const std::lock_guard lock(mutex);
        if (!failed) failed = std::move(done).error();
        next = count;
      }
    }
  };
  {
    std::vector<std::jthread> others;
    const std::int64_t wanted = std::min<std::int64_t>(threads, count) - 1;
    for (std::int64_t t = 0; t < wanted; ++t) {
      try {
        others.emplace_back(run);
      } catch (const std::system_error&) {
        break;  // no more threads on this machine: those that are do it
      }
    }
    run();
  }
  if (failed) return Fail(*failed);
  return {};
}

}  // namespace rtl::s3
