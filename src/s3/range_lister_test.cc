#include "s3/range_lister.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <set>

namespace rtl::s3 {
namespace {

struct Bucket {
  std::set<std::string> keys;
  std::size_t page_size = 10;
  std::atomic<int> requests = 0;

  FetchPage Fetch() {
    return [this](const std::string& after) -> Result<KeyPage> {
      ++requests;
      KeyPage page;
      auto at = keys.upper_bound(after);
      for (; at != keys.end() && page.objects.size() < page_size; ++at) {
        store::ObjectInfo info;
        info.key = *at;
        page.objects.push_back(std::move(info));
      }
      page.more = at != keys.end();
      std::this_thread::sleep_for(std::chrono::microseconds(50));
      return page;
    };
  }
};

std::vector<std::string> ReadAll(RangeLister& lister) {
  std::vector<std::string> keys;
  for (;;) {
    const auto page = lister.Next();
    EXPECT_TRUE(page.has_value());
    if (!page || page->empty()) return keys;
    for (const auto& info : *page) keys.push_back(info.key);
  }
}

TEST(RangeLister, NeitherMissesNorRepeatsAKey) {
  std::mt19937 random(7);
  const std::vector<std::string> alphabets = {"0123456789", "ab/", "a\xc3\xa9z", " ~!",
                                              "ABCDEFabcdef0123456789-/"};
  for (int round = 0; round < 60; ++round) {
    Bucket bucket;
    const std::string prefix = round % 3 == 0 ? "" : round % 3 == 1 ? "in/" : "customers/\xc3\xa9/";
    const std::string& letters = alphabets[random() % alphabets.size()];
    const int count = static_cast<int>(random() % 600);
    for (int i = 0; i < count; ++i) {
      std::string key = prefix;
      if (letters == "a\xc3\xa9z") {
        for (std::size_t k = random() % 7 + 1; k > 0; --k)
          key += std::vector<std::string>{"a", "\xc3\xa9", "z"}[random() % 3];
      } else {
        for (std::size_t k = random() % 7 + 1; k > 0; --k) key += letters[random() % letters.size()];
      }
      bucket.keys.insert(key);
    }
    RangeLister lister(bucket.Fetch(), prefix, "", 8);
    EXPECT_EQ(ReadAll(lister), std::vector<std::string>(bucket.keys.begin(), bucket.keys.end()))
        << "round " << round;
  }
}

TEST(RangeLister, BeginsAfterAKeyAndEndsWhenLeft) {
  Bucket bucket;
  for (int i = 0; i < 2000; ++i) bucket.keys.insert(fmt::format("id-{:06}", i));
  RangeLister from(bucket.Fetch(), "id-", "id-001500", 4);
  EXPECT_EQ(ReadAll(from).size(), 499U);
  RangeLister left(bucket.Fetch(), "id-", "", 4);
  ASSERT_TRUE(left.Next().has_value());
}

TEST(RangeLister, ReadsAtOnceWithFewRequestsToSpare) {
  Bucket bucket;
  bucket.page_size = 100;
  for (int i = 0; i < 40'000; ++i) bucket.keys.insert(fmt::format("folder/id-{}.txt", i));
  RangeLister lister(bucket.Fetch(), "folder/", "", 8);
  EXPECT_EQ(ReadAll(lister).size(), 40'000U);
  EXPECT_LT(bucket.requests, 600) << "400 are needed";
}

TEST(RangeLister, AnErrorEndsIt) {
  Bucket bucket;
  for (int i = 0; i < 1000; ++i) bucket.keys.insert(fmt::format("{:04}", i));
  std::atomic<int> calls = 0;
  RangeLister lister(
      [&](const std::string& after) -> Result<KeyPage> {
        if (++calls > 5) return Fail(ErrorKind::kUnavailable, "down");
        return bucket.Fetch()(after);
      },
      "", "", 4);
  Result<std::vector<store::ObjectInfo>> page;
  do {
    page = lister.Next();
  } while (page && !page->empty());
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().message(), "down");
}

TEST(GuessBetween, LiesBetweenThem) {
  EXPECT_EQ(GuessBetween("a", "c"), "b");
  EXPECT_EQ(GuessBetween("id-1", "").has_value(), true);
  for (const auto& [after, end] : std::vector<std::pair<std::string, std::string>>{{"a", "b"},
                                                                                   {"abc", "abd"},
                                                                                   {"", "x"},
                                                                                   {"id-1", "id-9"},
                                                                                   {"a", "a\x21"},
                                                                                   {"~~~~~~~", ""},
                                                                                   {"\xc3\xa9", ""}}) {
    if (const auto guess = GuessBetween(after, end)) {
      EXPECT_GT(*guess, after);
      EXPECT_TRUE(end.empty() || *guess < end);
    }
  }
}

}  // namespace
}  // namespace rtl::s3
