// Lists a long range of keys by several requests at once and gives its pages in key order.
//
// A listing's pages follow each other one by one: a million keys take a thousand round trips. Here idle
// threads cut the range that is being read in two at a guessed key and list the upper part at the same time.
// A guess decides nothing but speed: the lower part ends with the guessed key, the upper one begins after it,
// whatever keys there are.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/error.h"
#include "store/object_store.h"

namespace rtl::s3 {

struct KeyPage {
  std::vector<store::ObjectInfo> objects;  // ascending
  bool more = false;                       // keys follow
};
// The first keys greater than `after` (empty: from the beginning) of what is listed. Called from several
// threads.
using FetchPage = std::function<Result<KeyPage>(const std::string& after)>;

// A key between the two (greater than `after`, less than `end`; an empty `end` is above all keys) where a
// range may be cut; valid UTF-8 if they are. nullopt: none is worth it. Pure.
std::optional<std::string> GuessBetween(std::string_view after, std::string_view end);

class RangeLister final : public store::ObjectLister {
 public:
  // `shared_prefix`: what all keys begin with, so that no guess leaves it.
  RangeLister(FetchPage fetch, std::string shared_prefix, std::string after, int threads);
  ~RangeLister() override;

  Result<std::vector<store::ObjectInfo>> Next() override;

 private:
  using Page = std::vector<store::ObjectInfo>;
  struct Segment {
    std::string cursor;      // keys up to here are fetched
    std::string end;         // its last possible key; empty: none
    std::deque<Page> pages;  // fetched, not yet given out
    bool busy = false;       // a thread is fetching
    bool done = false;       // nothing follows
    bool is_long = false;    // gave a full page: worth cutting
  };
  using Place = std::list<Segment>::iterator;

  void Work(const std::stop_token& stop);
  void Tell();
  Place FindToFetch();
  Place FindToCut(std::string& at);
  void Take(Place segment, Result<KeyPage> page);

  const FetchPage fetch_;
  const std::string shared_prefix_;
  const int threads_wanted_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t changes_ = 0;
  std::list<Segment> segments_;  // in key order
  std::size_t buffered_ = 0;     // pages
  std::optional<Error> error_;
  bool first_given_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace rtl::s3
