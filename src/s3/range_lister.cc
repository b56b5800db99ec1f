#include "s3/range_lister.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace rtl::s3 {
namespace {

// Pages held ahead of the consumer.
constexpr std::size_t kMaxBuffered = 64;
// Printable ASCII: what keys are mostly made of.
constexpr int kLowest = 0x20;
constexpr int kAboveHighest = 0x7f;

int At(std::string_view key, std::size_t at, int otherwise) {
  return at < key.size() ? static_cast<unsigned char>(key[at]) : otherwise;
}

}  // namespace

std::optional<std::string> GuessBetween(std::string_view after, std::string_view end) {
  const auto [in_after, in_end] = std::mismatch(after.begin(), after.end(), end.begin(), end.end());
  const auto common = static_cast<std::size_t>(in_after - after.begin());
  std::size_t at = common;
  int high = end.empty() ? kAboveHighest : At(end, at, kAboveHighest);
  if (in_end == end.end() && !end.empty()) return std::nullopt;
  // Deeper into `after` while there is no room between the two; what lies above is left to the upper end.
  for (; at <= after.size() && at <= common + 4; ++at) {
    const int low = At(after, at, kLowest - 1);
    if (low >= 0x80 || high > 0x80) return std::nullopt;  // not in the middle of a character
    const int middle = (std::max(low, kLowest - 1) + std::min(high, kAboveHighest)) / 2;
    if (middle > low && middle < high && middle >= kLowest) {
      return std::string(after.substr(0, at)) + static_cast<char>(middle);
    }
    high = kAboveHighest;
  }
  return std::nullopt;
}

RangeLister::RangeLister(FetchPage fetch, std::string shared_prefix, std::string after, int threads)
    : fetch_(std::move(fetch)), shared_prefix_(std::move(shared_prefix)), threads_wanted_(threads) {
  segments_.push_back({.cursor = std::move(after), .end = {}, .pages = {}});
}

RangeLister::~RangeLister() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

Result<std::vector<store::ObjectInfo>> RangeLister::Next() {
  if (!first_given_) {  // most listings are one page
    first_given_ = true;
    auto page = fetch_(segments_.front().cursor);
    const std::lock_guard lock(mutex_);
    Take(segments_.begin(), std::move(page));
    if (!error_ && !segments_.front().done) {
      try {
        for (int i = 0; i < threads_wanted_; ++i) {
          threads_.emplace_back([this](const std::stop_token& stop) { Work(stop); });
        }
      } catch (const std::system_error& no_thread) {
        if (threads_.empty()) error_ = Error(ErrorKind::kResourceExhausted, no_thread.what());
      }
    }
  }
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] {
      return error_ || segments_.empty() || !segments_.front().pages.empty() || segments_.front().done;
    });
    if (error_) return Fail(*error_);
    if (segments_.empty()) return Page();
    Segment& front = segments_.front();
    if (front.pages.empty()) {
      segments_.pop_front();
      continue;
    }
    Page page = std::move(front.pages.front());
    front.pages.pop_front();
    --buffered_;
    Tell();
    if (!page.empty()) return page;
  }
}

// Under the mutex.
void RangeLister::Tell() {
  ++changes_;
  changed_.notify_all();
}

void RangeLister::Work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested() && !error_) {
    Place segment = FindToFetch();
    if (segment == segments_.end()) {
      std::string at;
      const Place lower = FindToCut(at);
      if (lower != segments_.end()) {
        Segment upper{.cursor = at, .end = std::exchange(lower->end, at), .pages = {}};
        lower->is_long = false;  // until it has given another full page
        segment = segments_.insert(std::next(lower), std::move(upper));
        Tell();  // there may be more to cut
      }
    }
    if (segment == segments_.end()) {
      if (std::all_of(segments_.begin(), segments_.end(), [](const Segment& s) { return s.done; })) return;
      const std::uint64_t seen = changes_;
      changed_.wait(lock, stop, [&] { return changes_ != seen; });
      continue;
    }
    segment->busy = true;
    const std::string cursor = segment->cursor;
    lock.unlock();
    auto page = fetch_(cursor);
    lock.lock();
    segment->busy = false;
    Take(segment, std::move(page));
  }
}

// The first one in key order that nobody fetches. The foremost may always go on: the consumer waits for it.
RangeLister::Place RangeLister::FindToFetch() {
  for (auto at = segments_.begin(); at != segments_.end(); ++at) {
    if (at->busy || at->done) continue;
    const bool is_awaited = at == segments_.begin() && at->pages.empty();
    if (buffered_ < kMaxBuffered || is_awaited) return at;
  }
  return segments_.end();
}

RangeLister::Place RangeLister::FindToCut(std::string& at) {
  if (buffered_ >= kMaxBuffered) return segments_.end();
  for (auto segment = segments_.begin(); segment != segments_.end(); ++segment) {
    if (segment->done || !segment->is_long) continue;
    auto guess = GuessBetween(segment->cursor, segment->end);
    // Above the last key with the prefix there is nothing.
    if (guess && !guess->starts_with(shared_prefix_)) {
      guess = GuessBetween(segment->cursor, shared_prefix_ + "\x7f");
      if (guess && !guess->starts_with(shared_prefix_)) guess.reset();
    }
    if (!guess) continue;
    at = std::move(*guess);
    return segment;
  }
  return segments_.end();
}

// Under the mutex.
void RangeLister::Take(Place segment, Result<KeyPage> page) {
  if (!page) {
    if (!error_) error_ = page.error();
    Tell();
    return;
  }
  Page& objects = page->objects;
  // From a server that does not keep the order keys would be missed, or given for ever.
  const auto by_key = [](const store::ObjectInfo& a, const store::ObjectInfo& b) { return a.key < b.key; };
  if (!objects.empty() &&
      (objects.front().key <= segment->cursor || !std::is_sorted(objects.begin(), objects.end(), by_key))) {
    if (!error_)
      error_ = Error(ErrorKind::kBadData, "the server does not list the keys in the order of their bytes");
    Tell();
    return;
  }
  bool done = !page->more || objects.empty();
  // Somebody may have cut the segment meanwhile: what lies behind the cut is the other part's.
  if (!segment->end.empty()) {
    const auto beyond =
        std::partition_point(objects.begin(), objects.end(),
                             [&](const store::ObjectInfo& info) { return info.key <= segment->end; });
    if (beyond != objects.end()) {
      objects.erase(beyond, objects.end());
      done = true;
    }
  }
  if (!objects.empty()) segment->cursor = objects.back().key;
  segment->is_long = !done;
  segment->done = done;
  if (!objects.empty()) {
    segment->pages.push_back(std::move(objects));
    ++buffered_;
  }
  Tell();
}

}  // namespace rtl::s3
