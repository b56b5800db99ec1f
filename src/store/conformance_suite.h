// What object_store.h promises, as tests to run over every store: a test program includes this once and names
// its stores with INSTANTIATE_TEST_SUITE_P(Stores, Conformance, ...).
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <thread>

#include "store/store_under_test.h"

namespace rtl::store {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Conformance : public ::testing::TestWithParam<StoreKind> {
 protected:
  void SetUp() override {
    if (GetParam().available && !GetParam().available())
      GTEST_SKIP() << "its server is not installed (tools/servers)";
    made_ = GetParam().make();
  }
  ObjectStore& store() { return made_->store(); }

  std::string Read(std::string_view key) {
    auto object = store().Get(key);
    return object ? object->bytes : "<" + object.error().message() + ">";
  }
  void Write(std::string_view key, std::string_view bytes) {
    const auto put = store().Put(key, bytes);
    ASSERT_TRUE(put) << put.error().message();
  }
  // From many threads: a durable put may wait long for its disk, and many waits cost little more than one.
  void WriteAll(const std::vector<std::string>& keys) {
    constexpr std::size_t kThreads = 16;
    std::atomic<int> failed = 0;
    {
      std::vector<std::jthread> threads;
      threads.reserve(kThreads);
      for (std::size_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
          for (std::size_t i = t; i < keys.size(); i += kThreads)
            failed += store().Put(keys[i], keys[i]) ? 0 : 1;
        });
      }
    }
    ASSERT_EQ(failed, 0);
  }
  std::vector<std::string> Keys(std::string_view prefix = {}, std::string_view start_after = {}) {
    auto infos = ListAll(store(), prefix, start_after);
    if (!infos) return {"<" + infos.error().message() + ">"};
    std::vector<std::string> keys;
    for (const ObjectInfo& info : *infos) keys.push_back(info.key);
    return keys;
  }

 private:
  std::unique_ptr<StoreUnderTest> made_;
};

template <typename T>
ErrorKind KindOf(const Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? ErrorKind::kInternal : result.error().kind();
}

TEST_P(Conformance, WhatIsPutIsRead) {
  const std::string bytes("any\0bytes\n\xff", 11);
  Write("folder/object", bytes);
  const auto object = store().Get("folder/object");
  ASSERT_TRUE(object) << object.error().message();
  EXPECT_EQ(object->bytes, bytes);
  EXPECT_EQ(object->info.key, "folder/object");
  EXPECT_EQ(object->info.size, 11);
}

TEST_P(Conformance, AnEmptyObjectIsAnObject) {
  Write("empty", "");
  EXPECT_EQ(Read("empty"), "");
  EXPECT_EQ(store().Head("empty")->size, 0);
  EXPECT_THAT(Keys(), ElementsAre("empty"));
}

TEST_P(Conformance, ALargeObjectComesBackWhole) {
  std::string bytes;
  bytes.resize(5'000'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 2654435761U / 8192);
  Write("large", bytes);
  EXPECT_TRUE(Read("large") == bytes);
}

TEST_P(Conformance, HeadGetAndListAgree) {
  Write("a/b", "four");
  const auto head = store().Head("a/b");
  const auto get = store().Get("a/b");
  const auto list = ListAll(store(), "a/");
  ASSERT_TRUE(head && get && list);
  ASSERT_EQ(list->size(), 1U);
  for (const ObjectInfo& info : {get->info, list->front()}) {
    EXPECT_EQ(info.key, head->key);
    EXPECT_EQ(info.size, head->size);
    EXPECT_EQ(info.version.etag, head->version.etag);
    // A listing need not tell it.
    if (!info.version.version_id.empty() || !GetParam().keeps_versions) {
      EXPECT_EQ(info.version.version_id, head->version.version_id);
    }
    EXPECT_EQ(info.modified_at, head->modified_at);
  }
  EXPECT_FALSE(head->version.etag.empty());
  EXPECT_GT(MicrosSinceEpoch(head->modified_at), 1'700'000'000'000'000);
}

TEST_P(Conformance, AbsentObjectsAreNotFound) {
  Write("folder/object", "x");
  for (const char* key : {"nothing", "folder", "folder/nothing", "folder/object/below", "no/such/folder"}) {
    EXPECT_EQ(KindOf(store().Get(key)), ErrorKind::kNotFound) << key;
    EXPECT_EQ(KindOf(store().Head(key)), ErrorKind::kNotFound) << key;
    if (GetParam().is_folders_below && GetParam().keeps_versions && std::string_view(key) == "folder")
      continue;
    EXPECT_TRUE(store().Delete(key)) << key;
  }
  EXPECT_EQ(Read("folder/object"), "x");
}

TEST_P(Conformance, KeysThatLeadOutOfTheStoreAreRefused) {
  if (GetParam().any_segments) GTEST_SKIP() << "no key leads out of it";
  const std::string with_nul("a\0b", 3);
  for (const std::string_view key :
       {std::string_view(""), std::string_view("/etc/passwd"), std::string_view(".."),
        std::string_view("../x"), std::string_view("a/../../x"), std::string_view("a/.."),
        std::string_view("./a"), std::string_view("."), std::string_view(with_nul)}) {
    EXPECT_EQ(KindOf(store().Get(key)), ErrorKind::kBadData) << key;
    EXPECT_EQ(KindOf(store().Head(key)), ErrorKind::kBadData) << key;
    EXPECT_EQ(KindOf(store().Put(key, "x")), ErrorKind::kBadData) << key;
    EXPECT_EQ(KindOf(store().PutIfAbsent(key, "x")), ErrorKind::kBadData) << key;
    EXPECT_EQ(KindOf(store().Delete(key)), ErrorKind::kBadData) << key;
  }
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_P(Conformance, PutReplacesAndChangesTheEtag) {
  Write("key", "one");
  const std::string first = store().Head("key")->version.etag;
  Write("key", "another");
  EXPECT_EQ(Read("key"), "another");
  EXPECT_NE(store().Head("key")->version.etag, first);
}

TEST_P(Conformance, DeleteRemovesAndIsRepeatable) {
  Write("a/key", "x");
  Write("a/key2", "y");
  EXPECT_TRUE(store().Delete("a/key"));
  EXPECT_TRUE(store().Delete("a/key"));
  EXPECT_EQ(KindOf(store().Head("a/key")), ErrorKind::kNotFound);
  EXPECT_THAT(Keys(), ElementsAre("a/key2"));
  Write("a/key", "again");
  EXPECT_EQ(Read("a/key"), "again");
}

TEST_P(Conformance, PutIfAbsentNeverReplaces) {
  auto outcome = store().PutIfAbsent("log/0.json", "first");
  ASSERT_TRUE(outcome) << outcome.error().message();
  EXPECT_EQ(*outcome, PutIfAbsentOutcome::kCreated);
  outcome = store().PutIfAbsent("log/0.json", "second");
  ASSERT_TRUE(outcome) << outcome.error().message();
  EXPECT_EQ(*outcome, PutIfAbsentOutcome::kExists);
  EXPECT_EQ(Read("log/0.json"), "first");
  ASSERT_TRUE(store().Delete("log/0.json"));
  if (GetParam().keeps_versions) return;  // the server of the tests refuses it over a delete marker
  EXPECT_EQ(*store().PutIfAbsent("log/0.json", "third"), PutIfAbsentOutcome::kCreated);
}

TEST_P(Conformance, OfManyPutIfAbsentOneWins) {
  constexpr int kThreads = 16;
  constexpr int kRounds = 30;
  std::vector<std::atomic<int>> winners(kRounds);  // 0: nobody yet; else the thread's number + 1
  std::atomic<int> created = 0;
  std::atomic<int> failed = 0;
  std::barrier round(kThreads);
  std::vector<std::jthread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int r = 0; r < kRounds; ++r) {
        round.arrive_and_wait();
        const auto outcome = store().PutIfAbsent("log/" + std::to_string(r), std::to_string(t));
        if (!outcome) {
          ++failed;
        } else if (*outcome == PutIfAbsentOutcome::kCreated) {
          winners[static_cast<std::size_t>(r)] = t + 1;
          ++created;
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(created, kRounds);
  for (int r = 0; r < kRounds; ++r) {
    EXPECT_EQ(Read("log/" + std::to_string(r)), std::to_string(winners[static_cast<std::size_t>(r)] - 1));
  }
  EXPECT_EQ(Keys().size(), std::size_t{kRounds});
}

// Objects whose every byte is the same: a mixed read shows.
inline constexpr std::size_t kUniform = 300'000;
inline bool IsUniform(std::string_view bytes) {
  return bytes.empty() || bytes.find_first_not_of(bytes.front()) == bytes.npos;
}

TEST_P(Conformance, ReadersNeverSeeAPartOfAPut) {
  Write("key", std::string(kUniform, 'a'));
  std::atomic<bool> stop = false;
  std::atomic<int> bad = 0;
  std::atomic<int> reads = 0;
  {
    std::vector<std::jthread> readers;
    readers.reserve(3);
    for (int t = 0; t < 3; ++t) {
      readers.emplace_back([&] {
        while (!stop) {
          const auto object = store().Get("key");
          // A store may give up on an object that changes all the time, but it may not lose it.
          if (!object && object.error().kind() == ErrorKind::kUnavailable) continue;
          if (!object || object->bytes.size() != kUniform || !IsUniform(object->bytes)) ++bad;
          ++reads;
        }
      });
    }
    for (int i = 1; i < 60; ++i) Write("key", std::string(kUniform, static_cast<char>('a' + i % 26)));
    while (reads < 50) std::this_thread::yield();
    stop = true;
  }
  EXPECT_EQ(bad, 0);
}

TEST_P(Conformance, APinnedReadIsOneVersionOrAConflict) {
  Write("key", std::string(kUniform, 'a'));
  std::atomic<bool> stop = false;
  std::atomic<int> bad = 0;
  std::jthread writer([&] {
    for (int i = 1; !stop; ++i) {
      if (!store().Put("key", std::string(kUniform, static_cast<char>('a' + i % 26)))) ++bad;
    }
  });
  for (int i = 0; i < 200; ++i) {
    const auto head = store().Head("key");
    ASSERT_TRUE(head) << head.error().message();
    const auto object = store().Get("key", {.pin = head->version});
    if (object) {
      EXPECT_EQ(object->info.version.etag, head->version.etag);
      EXPECT_EQ(object->bytes.size(), kUniform);
      EXPECT_TRUE(IsUniform(object->bytes));
    } else {
      EXPECT_EQ(object.error().kind(), ErrorKind::kConflict) << object.error().message();
    }
  }
  stop = true;
  writer.join();
  EXPECT_EQ(bad, 0);
}

TEST_P(Conformance, APinHoldsUntilTheObjectChanges) {
  Write("key", "one");
  ObjectVersion pin = store().Head("key")->version;
  pin.settled = !pin.settled;  // is not compared
  ASSERT_TRUE(store().Get("key", {.pin = pin}));
  EXPECT_EQ(store().Get("key", {.pin = pin, .range = ByteRange{1, 1}})->bytes, "n");
  Write("key", "three");
  if (GetParam().keeps_versions) {
    EXPECT_EQ(store().Get("key", {.pin = pin})->bytes, "one");
    ASSERT_TRUE(store().Delete("key"));
    EXPECT_EQ(store().Get("key", {.pin = pin})->bytes, "one");
    EXPECT_EQ(KindOf(store().Get("key")), ErrorKind::kNotFound);
    return;
  }
  EXPECT_EQ(KindOf(store().Get("key", {.pin = pin})), ErrorKind::kConflict);
  EXPECT_EQ(KindOf(store().Get("key", {.pin = pin, .range = ByteRange{0, 1}})), ErrorKind::kConflict);
  EXPECT_EQ(store().Get("key", {.pin = store().Head("key")->version})->bytes, "three");
  ASSERT_TRUE(store().Delete("key"));
  EXPECT_EQ(KindOf(store().Get("key", {.pin = pin})), ErrorKind::kNotFound);
}

TEST_P(Conformance, RangesAreCutAtTheEnd) {
  Write("key", "0123456789");
  const auto range = [&](std::int64_t offset, std::int64_t length) {
    const auto object = store().Get("key", {.range = ByteRange{offset, length}});
    if (!object) return "<" + object.error().message() + ">";
    EXPECT_EQ(object->info.size, 10);
    return object->bytes;
  };
  EXPECT_EQ(range(0, 10), "0123456789");
  EXPECT_EQ(range(2, 3), "234");
  EXPECT_EQ(range(7, 100), "789");
  EXPECT_EQ(range(7, INT64_MAX), "789");
  EXPECT_EQ(range(10, 1), "");
  EXPECT_EQ(range(INT64_MAX, INT64_MAX), "");
  EXPECT_EQ(range(3, 0), "");
  EXPECT_EQ(KindOf(store().Get("key", {.range = ByteRange{-1, 1}})), ErrorKind::kInternal);
  EXPECT_EQ(KindOf(store().Get("key", {.range = ByteRange{0, -1}})), ErrorKind::kInternal);
}

TEST_P(Conformance, ListingsAreInByteOrderOfTheKeys) {
  for (const char* key : {"a0", "a/b", "a-b", "a/b-c", "a/b/c", "a/b0", "B", "a", "a/\xc3\xa9", "a/z"}) {
    // A store of files cannot hold "a" beside "a/b".
    const auto put = store().Put(key, key);
    if (!put && !GetParam().is_folders_below) {
      EXPECT_EQ(put.error().kind(), ErrorKind::kBadData);
    }
  }
  std::vector<std::string> keys = Keys();
  EXPECT_GE(keys.size(), 8U);
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  std::erase(keys, "a");
  std::erase(keys, "a/b");
  EXPECT_THAT(keys, ::testing::IsSupersetOf({"B", "a-b", "a/b-c", "a/b0", "a/z", "a/\xc3\xa9", "a0"}));
}

TEST_P(Conformance, PrefixAndStartAfterSelectAsIfFiltered) {
  const std::vector<std::string> all = {"a-b",   "a/b-/x", "a/b/c/d", "a/b/c/e", "a/b/cc", "a/b0",
                                        "a/c/d", "a0",     "b",       "c/a",     "c/b/c",  "d"};
  for (const std::string& key : all) Write(key, key);
  ASSERT_EQ(Keys(), all);
  std::vector<std::string> bounds = {
      "",    "a",  "a/", "a/b", "a/b/", "a/b/c",   "a/b/c/", "a/b/c/d", "a/b/c/dd", "a/b/d", "a/bb", "a//",
      "a0/", "b/", "c",  "c/",  "c/b",  "c/b/c/d", "e",      "../",     "/",        ".",     "zz",   "\xff"};
  for (const std::string& prefix : bounds) {
    for (const std::string& start_after : bounds) {
      std::vector<std::string> expected;
      for (const std::string& key : all) {
        if (key.starts_with(prefix) && key > start_after) expected.push_back(key);
      }
      EXPECT_EQ(Keys(prefix, start_after), expected) << prefix << " after " << start_after;
    }
  }
}

TEST_P(Conformance, ThousandsOfKeysComeInPages) {
  constexpr int kCount = 2100;
  std::vector<std::string> expected;
  for (int i = 0; i < kCount; ++i) {
    expected.push_back("in/" + std::to_string(i % 7) + "/id-" + std::to_string(i) + ".txt");
  }
  WriteAll(expected);
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(Keys("in/"), expected);
  EXPECT_EQ(Keys("in/", expected[1200]), std::vector<std::string>(expected.begin() + 1201, expected.end()));

  const auto lister = store().List("in/");
  ASSERT_TRUE(lister);
  int pages = 0;
  for (;;) {
    const auto page = (*lister)->Next();
    ASSERT_TRUE(page);
    if (page->empty()) break;
    EXPECT_LE(page->size(), 1000U);
    ++pages;
  }
  EXPECT_GE(pages, 3);
  EXPECT_TRUE((*lister)->Next()->empty()) << "after the end";
}

TEST_P(Conformance, AnObjectThatVanishesWhileListedIsLeftOut) {
  std::vector<std::string> keys;
  for (int i = 0; i < 1010; ++i) keys.push_back("k" + std::to_string(10'000 + i));
  WriteAll(keys);
  const auto lister = store().List("");
  ASSERT_TRUE(lister);
  const auto first = (*lister)->Next();
  ASSERT_TRUE(first);
  ASSERT_EQ(first->size(), 1000U);
  ASSERT_TRUE(store().Delete("k11009"));
  const auto second = (*lister)->Next();
  ASSERT_TRUE(second) << second.error().message();
  EXPECT_GE(second->size(), 9U);
  EXPECT_LE(second->size(), GetParam().lists_ahead ? 10U : 9U);
}

TEST_P(Conformance, AListingOfNothingIsEmpty) {
  EXPECT_THAT(Keys(), IsEmpty());
  EXPECT_THAT(Keys("no/such/folder/"), IsEmpty());
}

TEST_P(Conformance, OddNamesAreOnlyNames) {
  std::vector<std::string> names = {" ",
                                    "a b",
                                    "o'brien.txt",
                                    "x' OR '1'='1",
                                    "\"quoted\"",
                                    "per%20cent",
                                    "a\nb",
                                    "tab\t",
                                    "back\\slash",
                                    "Gr\xc3\xbcn",
                                    "\xf0\x9f\x98\x80",
                                    "*",
                                    "?x=1&y=2#z",
                                    "...",
                                    "..a",
                                    "-rf",
                                    "~",
                                    "$HOME",
                                    "a;b",
                                    "a/.hidden"};
  if (GetParam().any_bytes_in_keys) names.emplace_back("not \xff utf-8 \xc3");
  for (const std::string& name : names) Write(name, "content of " + name);
  for (const std::string& name : names) {
    EXPECT_EQ(Read(name), "content of " + name);
    EXPECT_TRUE(store().Head(name));
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(Keys(), names);
  for (const std::string& name : names) EXPECT_TRUE(store().Delete(name));
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_P(Conformance, EveryVersionIsListedTheNewestFirst) {
  Write("in/b", "other");
  Write("in/a", "one");
  Write("in/a", "two");
  ASSERT_TRUE(store().Delete("in/a"));
  Write("in/a", "three!");
  Write("out", "x");
  const auto lister = store().ListVersions("in/");
  if (!lister) {
    EXPECT_FALSE(GetParam().keeps_versions);
    EXPECT_EQ(lister.error().kind(), ErrorKind::kUnsupported);
    return;
  }
  std::vector<ListedVersion> all;
  for (;;) {
    auto page = (*lister)->Next();
    ASSERT_TRUE(page) << page.error().message();
    if (page->empty()) break;
    all.insert(all.end(), page->begin(), page->end());
  }
  if (!GetParam().keeps_versions) {  // a bucket that could keep them, and does not
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].info.size, 6);
    for (const ListedVersion& version : all) {
      EXPECT_TRUE(version.is_latest && !version.is_delete_marker);
      EXPECT_EQ(version.info.version.version_id, "");
    }
    return;
  }
  ASSERT_EQ(all.size(), 5U);
  const std::vector<std::int64_t> sizes = {6, 0, 3, 3, 5};
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].info.key, i < 4 ? "in/a" : "in/b");
    EXPECT_EQ(all[i].info.size, sizes[i]) << i;
    EXPECT_EQ(all[i].is_latest, i == 0 || i == 4) << i;
    EXPECT_EQ(all[i].is_delete_marker, i == 1) << i;
    EXPECT_EQ(all[i].info.version.etag.empty(), i == 1) << i;
    EXPECT_FALSE(all[i].info.version.version_id.empty()) << i;
  }
  EXPECT_EQ(all[0].info.version.version_id, store().Head("in/a")->version.version_id);
  EXPECT_EQ(all[0].info.version.etag, store().Head("in/a")->version.etag);
  EXPECT_EQ(store().Get("in/a", {.pin = all[3].info.version})->bytes, "one");
  EXPECT_EQ(KindOf(store().Get("in/a", {.pin = all[1].info.version})), ErrorKind::kNotFound)
      << "a delete marker has no bytes";
}

TEST_P(Conformance, ManyAreDeletedAtOnce) {
  std::vector<std::string> keys;
  for (int i = 0; i < 1200; ++i) keys.push_back("many/" + std::to_string(i) + " & <more>");
  WriteAll(keys);
  Write("stays", "x");
  keys.emplace_back("many/never there");
  EXPECT_TRUE(store().DeleteAll(keys));
  EXPECT_TRUE(store().DeleteAll({}));
  EXPECT_THAT(Keys(), ElementsAre("stays"));
}

TEST_P(Conformance, WritersInOneFolderDoNotDisturbEachOther) {
  constexpr int kThreads = 8;
  constexpr int kEach = 20;
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          const std::string key = "new/deep/" + std::to_string(i) + "/" + std::to_string(t);
          if (!store().Put(key, key)) ++failed;
        }
      });
    }
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(Keys("new/").size(), std::size_t{kThreads * kEach});
}

}  // namespace rtl::store
