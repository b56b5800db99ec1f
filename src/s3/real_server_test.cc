// What only a real server can show: many writers at once, versions, copies.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "s3/testing_server.h"

namespace rtl::s3 {
namespace {

using store::PutIfAbsentOutcome;

class RealServer : public ::testing::Test {
 protected:
  void SetUp() override {
    if (TestingServer::Get() == nullptr) GTEST_SKIP() << "its server is not installed (tools/servers)";
  }

  // Of `writers` that each put bytes of their own if absent, round by round, one wins and its bytes are
  // there.
  static void Race(store::ObjectStore& store, int writers, int rounds, std::size_t size) {
    std::barrier round(writers);
    std::vector<std::atomic<int>> winner(static_cast<std::size_t>(rounds));
    std::vector<std::atomic<int>> created(static_cast<std::size_t>(rounds));
    std::atomic<int> failed = 0;
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < writers; ++t) {
        threads.emplace_back([&, t] {
          const std::string bytes(size, static_cast<char>('A' + t));
          for (int r = 0; r < rounds; ++r) {
            round.arrive_and_wait();
            const auto outcome = store.PutIfAbsent("log/" + std::to_string(r), bytes);
            if (!outcome) ++failed;
            if (outcome && *outcome == PutIfAbsentOutcome::kCreated) {
              winner[static_cast<std::size_t>(r)] = t;
              ++created[static_cast<std::size_t>(r)];
            }
          }
        });
      }
    }
    EXPECT_EQ(failed, 0);
    for (int r = 0; r < rounds; ++r) {
      const auto at = static_cast<std::size_t>(r);
      ASSERT_EQ(created[at], 1) << "round " << r;
      const auto object = store.Get("log/" + std::to_string(r));
      ASSERT_TRUE(object) << object.error().message();
      EXPECT_TRUE(object->bytes == std::string(size, static_cast<char>('A' + winner[at]))) << "round " << r;
    }
  }
};

TEST_F(RealServer, OfThirtyTwoConditionalPutsOneWins) {
  TestingServer& server = *TestingServer::Get();
  Race(*server.Store(server.NewBucket(), "t/"), 32, 40, 300);
}

TEST_F(RealServer, OfThirtyTwoConditionalUploadsInPartsOneWins) {
  TestingServer& server = *TestingServer::Get();
  Options options;
  options.multipart_from_bytes = 100'000;
  Race(*server.Store(server.NewBucket(), "t/", options), 32, 4, 150'000);
}

TEST_F(RealServer, OfManyThatReplaceOneEtagOneWins) {
  TestingServer& server = *TestingServer::Get();
  S3Client client = server.Client(server.NewBucket());
  ASSERT_TRUE(client.PutObject("a", "0"));
  for (int r = 1; r <= 20; ++r) {
    const auto head = client.HeadObject("a");
    ASSERT_TRUE(head && *head);
    std::atomic<int> written = 0;
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 16; ++t) {
        threads.emplace_back([&, t] {
          const auto put = client.PutObject("a", std::to_string(r * 100 + t),
                                            {.if_none_match = false, .if_match = (*head)->version.etag});
          written += put && *put == PutAnswer::kWritten ? 1 : 0;
        });
      }
    }
    ASSERT_EQ(written, 1) << "round " << r;
  }
}

TEST_F(RealServer, AVersionIsReadByItsIdWhenItIsNoLongerTheLatest) {
  TestingServer& server = *TestingServer::Get();
  const auto store = server.Store(server.NewBucket(true), "t/");
  std::vector<ObjectVersion> versions;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(store->Put("a", "version " + std::to_string(i)));
    versions.push_back(store->Head("a")->version);
    ASSERT_FALSE(versions.back().version_id.empty());
  }
  ASSERT_TRUE(store->Delete("a"));
  EXPECT_EQ(store->Head("a").error().kind(), ErrorKind::kNotFound);
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const auto object = store->Get("a", {.pin = versions[i], .range = {}});
    ASSERT_TRUE(object) << object.error().message();
    EXPECT_EQ(object->bytes, "version " + std::to_string(i));
  }
  const auto lister = store->ListVersions("").value();
  const auto listed = lister->Next();
  ASSERT_TRUE(listed) << listed.error().message();
  ASSERT_EQ(listed->size(), 11U);
  EXPECT_TRUE(listed->front().is_delete_marker);
  EXPECT_TRUE(listed->front().is_latest);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ((*listed)[i + 1].info.version.version_id, versions[9 - i].version_id) << "the newest first";
  }
}

TEST_F(RealServer, ACopyIsTheObject) {
  TestingServer& server = *TestingServer::Get();
  S3Client client = server.Client(server.NewBucket());
  ASSERT_TRUE(client.PutObject("a b+c", "bytes"));
  const auto copied = client.CopyObject("a b+c", "d");
  ASSERT_TRUE(copied) << copied.error().message();
  EXPECT_EQ(client.GetObject({.key = "d", .if_match = {}, .version_id = {}, .range = {}})->bytes, "bytes");
}

}  // namespace
}  // namespace rtl::s3
