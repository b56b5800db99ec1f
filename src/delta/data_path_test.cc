#include "delta/data_path.h"

#include <gtest/gtest.h>

namespace rtl::delta {
namespace {

TEST(DataPath, DecodesOnce) {
  EXPECT_EQ(DecodePath("_2=bar+%252521/part.parquet"), "_2=bar+%2521/part.parquet");
  EXPECT_EQ(DecodePath("special%20p@%23h"), "special p@#h");
  EXPECT_EQ(DecodePath("%C3%BC"), "ü");
}

TEST(DataPath, LeavesWhatIsNoEscape) {
  EXPECT_EQ(DecodePath("100%"), "100%");
  EXPECT_EQ(DecodePath("%4"), "%4");
  EXPECT_EQ(DecodePath("%zz%41"), "%zzA");
}

TEST(DataPath, EncodesWhatAUriMayNotHold) {
  EXPECT_EQ(EncodePath("a b/100%#?[ü].parquet"), "a%20b/100%25%23%3F%5B%C3%BC%5D.parquet");
  EXPECT_EQ(EncodePath("a-b_c.d/e=f+g@h"), "a-b_c.d/e=f+g@h");
}

TEST(DataPath, AColonNeverMakesAScheme) {
  EXPECT_EQ(EncodePath("a:b/c"), "a%3Ab/c");
  EXPECT_EQ(EncodePath("s3://bucket/a b"), "s3://bucket/a%20b");
}

TEST(DataPath, EveryByteSurvives) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(DecodePath(EncodePath(all)), all);
}

TEST(DataPath, KnowsAbsolutePaths) {
  EXPECT_TRUE(IsAbsolutePath("/a"));
  EXPECT_TRUE(IsAbsolutePath("file:/a"));
  EXPECT_TRUE(IsAbsolutePath("abfss://x@y/a"));
  EXPECT_FALSE(IsAbsolutePath("a/b"));
  EXPECT_FALSE(IsAbsolutePath("x=1:2/b"));
}

TEST(DataPath, FindsDotSegments) {
  EXPECT_TRUE(HasDotSegment("../a"));
  EXPECT_TRUE(HasDotSegment("a/./b"));
  EXPECT_TRUE(HasDotSegment("a/.."));
  EXPECT_FALSE(HasDotSegment("a/..b/.c"));
}

TEST(DataPath, OneFileHasOneKey) {
  EXPECT_EQ(FileKey("/a/b"), FileKey("file:/a/b"));
  EXPECT_EQ(FileKey("/a/b"), FileKey("file:///a/b"));
  EXPECT_NE(FileKey("/a/b"), FileKey("file://host/a/b"));
  EXPECT_NE(FileKey("a/b"), FileKey("/a/b"));
}

}  // namespace
}  // namespace rtl::delta
