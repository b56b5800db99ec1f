// Reading many objects in order, several at once where each waits for a network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <type_traits>
#include <utility>

#include "core/error.h"
#include "store/object_store.h"

namespace rtl::delta {

// take(read(i)) for i = 0 .. count - 1 in order; `read` may run on other threads, `take` runs on this one.
// Ends with the first error that `take` returns. At most 16 things read are held at once.
template <typename Read, typename Take>
Result<> ReadAhead(const store::ObjectStore& store, std::int64_t count, const Read& read, const Take& take) {
  using Item = std::invoke_result_t<Read, std::int64_t>;
  const std::size_t ahead = store.Traits().remote ? 16 : 1;
  const auto policy = ahead > 1 && count > 1 ? std::launch::async : std::launch::deferred;
  std::deque<std::future<Item>> reading;
  std::int64_t next = 0;
  for (std::int64_t done = 0; done < count; ++done) {
    for (; next < count && reading.size() < ahead; ++next) {
      reading.push_back(std::async(policy, [&read, next] { return read(next); }));
    }
    Item item = reading.front().get();
    reading.pop_front();
    RTL_CHECK(take(std::move(item)));
  }
  return {};
}

}  // namespace rtl::delta
