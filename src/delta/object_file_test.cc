#include "delta/object_file.h"

#include <arrow/buffer.h>
#include <gtest/gtest.h>

#include "delta/testing_store.h"

namespace rtl::delta {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

class ObjectFileTest : public testing::Test {
 protected:
  ObjectFile Open(std::int64_t size) {
    std::string bytes(static_cast<std::size_t>(size), ' ');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i % 251);
    EXPECT_TRUE(store_.Put("f", bytes));
    return ObjectFile(store_, *store_.Head("f"));
  }
  static void ExpectBytes(ObjectFile& file, std::int64_t position, std::int64_t length,
                          std::int64_t expected_length) {
    const auto read = file.ReadAt(position, length);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    ASSERT_EQ((*read)->size(), expected_length);
    for (std::int64_t i = 0; i < expected_length; ++i) {
      ASSERT_EQ((*read)->data()[i], static_cast<std::uint8_t>((position + i) % 251));
    }
  }

  TestingStore store_;
};

TEST_F(ObjectFileTest, ASmallObjectIsFetchedOnce) {
  ObjectFile file = Open(1000);
  ExpectBytes(file, 990, 100, 10);
  ExpectBytes(file, 0, 4, 4);
  ExpectBytes(file, 1000, 1, 0);
  EXPECT_TRUE(file.Prefetch({{0, 10}}).ok());
  EXPECT_EQ(store_.gets, 1U);
}

TEST_F(ObjectFileTest, ALargeOneIsReadInParts) {
  ObjectFile file = Open(4 * kMiB);
  ExpectBytes(file, 4 * kMiB - 8, 100, 8);
  EXPECT_EQ(store_.gets, 1U);
  // Two close together, one far off.
  ASSERT_TRUE(file.Prefetch({{3 * kMiB, 100}, {100, 50}, {1000, 50}}).ok());
  EXPECT_EQ(store_.gets, 3U);
  ExpectBytes(file, 100, 50, 50);
  ExpectBytes(file, 1020, 30, 30);
  ExpectBytes(file, 3 * kMiB, 100, 100);
  EXPECT_EQ(store_.gets, 3U);
  ExpectBytes(file, 3 * kMiB, 101, 101);
  EXPECT_EQ(store_.gets, 4U) << "what was not fetched before";
}

TEST_F(ObjectFileTest, NonsenseIsAnError) {
  ObjectFile file = Open(kMiB);
  EXPECT_FALSE(file.ReadAt(-1, 5).ok());
  EXPECT_FALSE(file.ReadAt(5, -1).ok());
  EXPECT_FALSE(file.ReadAt(kMiB + 1, 1).ok());
  EXPECT_TRUE(file.Prefetch({{-5, 10}, {0, -1}, {kMiB, 1}, {5, INT64_MAX}}).ok());
  EXPECT_EQ(store_.gets, 0U);
  EXPECT_FALSE(file.store_error());
}

TEST_F(ObjectFileTest, AReplacedObjectIsNotMixed) {
  ObjectFile file = Open(kMiB);
  ExpectBytes(file, 0, 5, 5);
  ASSERT_TRUE(store_.Put("f", std::string(kMiB, 'x')));
  EXPECT_FALSE(file.ReadAt(5, 5).ok());
  ASSERT_TRUE(file.store_error());
  EXPECT_EQ(file.store_error()->kind(), ErrorKind::kConflict);
}

}  // namespace
}  // namespace rtl::delta
