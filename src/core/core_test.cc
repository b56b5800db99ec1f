#include <gtest/gtest.h>

#include <set>

#include "core/error.h"
#include "core/hash.h"
#include "core/json_writer.h"
#include "core/time.h"
#include "core/uuid.h"

namespace rtl {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return Fail(ErrorKind::kBadData, "odd");
  return n / 2;
}

Result<int> Quarter(int n) {
  RTL_TRY(const int half, Half(n));
  RTL_TRY(const int quarter, Half(half));
  return quarter;
}

TEST(Error, TryPassesValuesAndErrorsOn) {
  EXPECT_EQ(Quarter(8).value(), 2);
  ASSERT_FALSE(Quarter(6).has_value());
  EXPECT_EQ(Quarter(6).error().kind(), ErrorKind::kBadData);
}

TEST(Error, WrapKeepsTheKindAndPutsTheContextFirst) {
  const Error error = Error(ErrorKind::kNotFound, "no such object").Wrap("id-1.txt");
  EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
  EXPECT_EQ(error.message(), "id-1.txt: no such object");
}

TEST(JsonWriter, NestsAndEscapes) {
  JsonWriter json;
  json.BeginObject()
      .Key("a\"\n")
      .String("x\\\x01")
      .Key("n")
      .BeginArray()
      .Int(-5)
      .Bool(true)
      .Null()
      .EndArray();
  json.Key("o").BeginObject().EndObject().Key("d").Double(0.1).EndObject();
  EXPECT_EQ(json.text(), R"({"a\"\n":"x\\\u0001","n":[-5,true,null],"o":{},"d":0.1})");
}

TEST(ContentHash, PiecewiseEqualsWholeAndHexRoundTrips) {
  ContentHasher hasher;
  hasher.Update("abc");
  hasher.Update("def");
  EXPECT_EQ(hasher.Finish(), HashContent("abcdef"));
  EXPECT_NE(HashContent("abcdef"), HashContent("abcdeg"));
  ContentHash back;
  ASSERT_TRUE(FromHex(ToHex(HashContent("abcdef")), back));
  EXPECT_EQ(back, HashContent("abcdef"));
  EXPECT_FALSE(FromHex("xyz", back));
}

TEST(Timestamp, FormatsMicroseconds) {
  EXPECT_EQ(FormatTimestamp(FromMicros(1'000'001)), "1970-01-01T00:00:01.000001Z");
  EXPECT_EQ(FormatTimestamp(FromMicros(-1)), "1969-12-31T23:59:59.999999Z");
}

TEST(Uuid, HasVersionFourFormAndDiffers) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = NewUuid();
    ASSERT_EQ(uuid.size(), 36u);
    EXPECT_EQ(uuid[14], '4');
    EXPECT_TRUE(std::string("89ab").find(uuid[19]) != std::string::npos);
    EXPECT_TRUE(seen.insert(uuid).second);
  }
}

}  // namespace
}  // namespace rtl
