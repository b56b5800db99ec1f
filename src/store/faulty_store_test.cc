#include "store/faulty_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "store/memory_store.h"

namespace rtl::store {
namespace {

using ::testing::HasSubstr;

class FaultyStoreTest : public ::testing::Test {
 protected:
  bool Holds(std::string_view key) { return inner_.Head(key).has_value(); }

  MemoryStore inner_;
  FaultyStore store_{inner_};
};

TEST_F(FaultyStoreTest, BeforeLeavesNoEffect) {
  store_.SetPlan({.at = 1, .fault = Fault::kBefore});
  EXPECT_TRUE(store_.Put("0", "x"));
  const auto put = store_.Put("1", "x");
  EXPECT_EQ(put.error().kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(put.error().message(), HasSubstr("operation 1 (put 1)"));
  EXPECT_TRUE(store_.Put("2", "x"));
  EXPECT_TRUE(Holds("0"));
  EXPECT_FALSE(Holds("1"));
  EXPECT_TRUE(Holds("2"));
  EXPECT_EQ(store_.operations(), 3);
}

TEST_F(FaultyStoreTest, AfterLeavesTheEffectAndLosesTheReply) {
  store_.SetPlan({.at = 0, .fault = Fault::kAfter});
  EXPECT_EQ(store_.Put("a", "x").error().kind(), ErrorKind::kUnavailable);
  EXPECT_TRUE(Holds("a"));
  store_.SetPlan({.at = 0, .fault = Fault::kAfter});
  EXPECT_EQ(store_.PutIfAbsent("b", "x").error().kind(), ErrorKind::kCommitUnknown);
  EXPECT_TRUE(Holds("b"));
  store_.SetPlan({.at = 0, .fault = Fault::kAfter});
  EXPECT_EQ(store_.Delete("a").error().kind(), ErrorKind::kUnavailable);
  EXPECT_FALSE(Holds("a"));
  store_.SetPlan({.at = 0, .fault = Fault::kAfter});
  EXPECT_EQ(store_.Get("b").error().kind(), ErrorKind::kUnavailable);
  store_.SetPlan({.at = 0, .fault = Fault::kAfter});
  EXPECT_EQ(store_.Head("absent").error().kind(), ErrorKind::kNotFound);
}

TEST_F(FaultyStoreTest, UnknownMayAlsoMeanNotDone) {
  store_.SetPlan({.at = 0, .fault = Fault::kUnknownNotDone});
  EXPECT_EQ(store_.PutIfAbsent("a", "x").error().kind(), ErrorKind::kCommitUnknown);
  EXPECT_FALSE(Holds("a"));
  store_.SetPlan({.at = 0, .fault = Fault::kUnknownNotDone});
  EXPECT_EQ(store_.Put("a", "x").error().kind(), ErrorKind::kUnavailable);
  EXPECT_FALSE(Holds("a"));
}

TEST_F(FaultyStoreTest, TheDeadStayDead) {
  store_.SetPlan({.at = 1, .fault = Fault::kAfter, .then_dead = true});
  EXPECT_TRUE(store_.Put("0", "x"));
  EXPECT_FALSE(store_.Put("1", "x"));
  EXPECT_FALSE(store_.Put("2", "x"));
  EXPECT_EQ(store_.PutIfAbsent("3", "x").error().kind(), ErrorKind::kUnavailable);
  EXPECT_FALSE(store_.Head("0"));
  EXPECT_FALSE(store_.List(""));
  EXPECT_TRUE(Holds("0") && Holds("1"));
  EXPECT_FALSE(Holds("2") || Holds("3"));
}

TEST_F(FaultyStoreTest, EveryPageIsAnOperation) {
  ASSERT_TRUE(inner_.Put("a", "x"));
  ASSERT_TRUE(ListAll(store_, ""));
  EXPECT_EQ(store_.operations(), 3);  // List, the page, the end
  for (int at = 0; at < 3; ++at) {
    store_.SetPlan({.at = at, .fault = Fault::kBefore});
    EXPECT_FALSE(ListAll(store_, "")) << at;
  }
  store_.SetPlan({.at = 3, .fault = Fault::kBefore});
  EXPECT_TRUE(ListAll(store_, ""));
}

TEST_F(FaultyStoreTest, VersionsAndDeletesOfManyAreOperationsToo) {
  const std::vector<std::string> keys = {"a", "b"};
  MemoryStore versioned({.versioned = true});
  FaultyStore faulty(versioned);
  for (const std::string& key : keys) ASSERT_TRUE(faulty.Put(key, "x"));
  const auto list = [&]() -> Result<std::size_t> {
    RTL_TRY(const auto lister, faulty.ListVersions(""));
    RTL_TRY(const auto page, lister->Next());
    return page.size();
  };
  for (int at = 0; at < 2; ++at) {
    faulty.SetPlan({.at = at, .fault = Fault::kBefore});
    EXPECT_FALSE(list().has_value()) << at;
  }
  EXPECT_EQ(list(), 2U);
  faulty.SetPlan({.at = 0, .fault = Fault::kBefore});
  EXPECT_FALSE(faulty.DeleteAll(keys));
  EXPECT_TRUE(versioned.Head("a"));
  faulty.SetPlan({.at = 0, .fault = Fault::kAfter});
  EXPECT_FALSE(faulty.DeleteAll(keys));
  EXPECT_FALSE(versioned.Head("a"));
}

TEST_F(FaultyStoreTest, ExactlyOneOfManyThreadsIsHit) {
  store_.SetPlan({.at = 500, .fault = Fault::kBefore});
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) {
          if (!store_.Put(std::to_string(t) + "/" + std::to_string(i), "x")) ++failed;
        }
      });
    }
  }
  EXPECT_EQ(failed, 1);
  EXPECT_EQ(store_.operations(), 800);
  EXPECT_EQ(ListAll(inner_, "")->size(), 799U);
}

TEST(MemoryStore, EtagsTellOrDoNotTellAThirdVersionFromTheFirst) {
  for (const bool per_write : {true, false}) {
    MemoryStore store({.etag_per_write = per_write});
    ASSERT_TRUE(store.Put("k", "A"));
    const std::string first = store.Head("k")->version.etag;
    ASSERT_TRUE(store.Put("k", "B"));
    ASSERT_TRUE(store.Put("k", "A"));
    EXPECT_EQ(store.Head("k")->version.etag == first, !per_write);
  }
}

TEST(MemoryStore, AVersionMayBeForgotten) {
  MemoryStore store({.versioned = true});
  ASSERT_TRUE(store.Put("k", "one"));
  const ObjectVersion one = store.Head("k")->version;
  ASSERT_TRUE(store.Put("k", "two"));
  const ObjectVersion two = store.Head("k")->version;
  store.Forget("k", two.version_id);
  EXPECT_EQ(store.Get("k")->bytes, "one") << "the latest of those that are left";
  EXPECT_EQ(store.Get("k", {.pin = two}).error().kind(), ErrorKind::kNotFound);
  const auto clone = store.Clone();
  EXPECT_EQ(clone->Get("k", {.pin = one})->bytes, "one");
  store.Forget("k", one.version_id);
  EXPECT_FALSE(store.Head("k"));
}

TEST(MemoryStore, ACloneGoesItsOwnWay) {
  MemoryStore store;
  ASSERT_TRUE(store.Put("k", "old"));
  const auto clone = store.Clone();
  EXPECT_EQ(clone->Head("k")->version.etag, store.Head("k")->version.etag);
  ASSERT_TRUE(clone->Put("k", "new"));
  ASSERT_TRUE(clone->Put("l", "new"));
  EXPECT_EQ(store.Get("k")->bytes, "old");
  EXPECT_FALSE(store.Head("l"));
}

TEST(MemoryStore, PagesAreAsLongAsAsked) {
  MemoryStore store({.page_size = 2});
  for (const char* key : {"a", "b", "c", "d", "e"}) ASSERT_TRUE(store.Put(key, ""));
  const auto lister = store.List("");
  EXPECT_EQ((*lister)->Next()->size(), 2U);
  ASSERT_TRUE(store.Put("c2", ""));  // a listing is no snapshot
  EXPECT_EQ((*lister)->Next()->back().key, "c2");
  EXPECT_EQ((*lister)->Next()->size(), 2U);
  EXPECT_TRUE((*lister)->Next()->empty());
}

}  // namespace
}  // namespace rtl::store
