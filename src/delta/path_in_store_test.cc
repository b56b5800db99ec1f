#include "delta/path_in_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/testing_store.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

class StoreAt : public TestingStore {
 public:
  explicit StoreAt(std::string uri) : uri_(std::move(uri)) {}
  std::string Uri() const override { return uri_; }

 private:
  std::string uri_;
};

void ExpectKey(const std::string& uri, std::string_view path, std::string_view expected) {
  const auto key = KeyInStore(StoreAt(uri), "tables/a", path);
  ASSERT_TRUE(key) << key.error().message();
  EXPECT_EQ(*key, expected) << uri;
}

void ExpectElsewhere(const std::string& uri, std::string_view path) {
  const auto key = KeyInStore(StoreAt(uri), "tables/a", path);
  ASSERT_FALSE(key) << path << ": " << *key;
  EXPECT_EQ(key.error().kind(), ErrorKind::kUnsupported);
  EXPECT_THAT(key.error().message(), HasSubstr(path));
}

TEST(PathInStoreTest, RelativeOnesLieInTheTable) {
  ExpectKey("/data", "b/c.parquet", "tables/a/b/c.parquet");
  ExpectKey("/data", "a:b.parquet", "tables/a/a:b.parquet");
  EXPECT_EQ(*KeyInStore(StoreAt("/data"), "", "c.parquet"), "c.parquet");
}

TEST(PathInStoreTest, AbsoluteOnesMayLieBesideIt) {
  for (const auto* path : {"/data/x/c.bin", "file:/data/x/c.bin", "file:///data/x/c.bin"}) {
    ExpectKey("/data", path, "x/c.bin");
  }
  ExpectKey("", "file:/x/c.bin", "x/c.bin");
  for (const auto* path :
       {"s3://bucket/lake/x/c.bin", "s3a://bucket/lake/x/c.bin", "s3n://bucket/lake/x/c.bin"}) {
    ExpectKey("s3://bucket/lake/", path, "x/c.bin");
    ExpectKey("s3://bucket/lake", path, "x/c.bin");
    ExpectKey("s3://bucket/", path, "lake/x/c.bin");
  }
  ExpectKey("memory:", "memory:/x", "x");
}

TEST(PathInStoreTest, OrElsewhere) {
  for (const auto* path : {"/database/c.bin", "/c.bin", "/data/../c.bin", "/data/./c.bin", "../c.bin",
                           "b/../../c", "file://host/data/c.bin", "s3://data/c.bin"}) {
    ExpectElsewhere("/data", path);
  }
  ExpectElsewhere("s3://bucket/lake/", "s3://bucket/lakes/c.bin");
  ExpectElsewhere("s3://bucket/lake/", "s3://bucket2/lake/c.bin");
  ExpectElsewhere("s3://bucket/lake/", "/bucket/lake/c.bin");
}

TEST(PathInStoreTest, NoKeyAtAll) {
  EXPECT_EQ(KeyInStore(StoreAt("/data"), "", "").error().kind(), ErrorKind::kBadData);
  EXPECT_EQ(KeyInStore(StoreAt("/data"), "", "/data/").error().kind(), ErrorKind::kBadData);
  EXPECT_EQ(KeyInStore(StoreAt("/data"), "a", std::string_view("b\0c", 3)).error().kind(),
            ErrorKind::kBadData);
}

}  // namespace
}  // namespace rtl::delta
