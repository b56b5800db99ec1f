#include "delta/partition_value.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/json/from_string.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/arrow_types.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

struct Case {
  std::string type;
  std::optional<std::string> value;
  std::string json;  // as an Arrow array of one value
};

// Protocol, "Partition Value Serialization", and what the engines in use write.
TEST(PartitionValue, EveryType) {
  const std::vector<Case> cases{
      {"string", "x y", R"(["x y"])"},
      {"string", "null", R"(["null"])"},
      {"string", std::nullopt, "[null]"},
      {"string", "", "[null]"},
      {"long", "", "[null]"},
      {"long", "-9223372036854775808", "[-9223372036854775808]"},
      {"integer", "+12", "[12]"},
      {"short", "-5", "[-5]"},
      {"byte", "127", "[127]"},
      {"double", "1.0E-5", "[0.00001]"},
      {"double", "-Infinity", "[-Inf]"},
      {"float", "0.1", "[0.1]"},
      {"boolean", "true", "[true]"},
      {"boolean", "False", "[false]"},
      {"date", "1970-01-02", "[1]"},
      {"decimal(5,2)", "1.5", R"(["1.50"])"},
      {"decimal(20,18)", "0E-18", R"(["0.000000000000000000"])"},
      {"decimal(38,0)", "99999999999999999999999999999999999999",
       R"(["99999999999999999999999999999999999999"])"},
      {"timestamp", "1970-01-01 00:00:01.5", "[1500000]"},
      {"timestamp", "1970-01-01T00:00:00.123456Z", "[123456]"},
      {"timestamp", "1970-01-01T01:00:00.000000+01:00", "[0]"},
      {"timestamp_ntz", "1970-01-01 00:00:00.123456", "[123456]"},
      {"timestamp_ntz", "1970-01-02", "[86400000000]"},
      {"binary", "ab", R"(["ab"])"},
  };
  for (const auto& [type, value, json] : cases) {
    SCOPED_TRACE(type + " " + value.value_or("null"));
    const auto delta_type = ParseType(type);
    const auto scalar = ParsePartitionValue(value, *delta_type);
    ASSERT_TRUE(scalar) << scalar.error().message();
    const auto arrow_type = *ArrowTypeOf(*delta_type);
    const auto expected = arrow::json::ArrayFromJSONString(arrow_type, json).ValueOrDie();
    const auto actual = arrow::MakeArrayFromScalar(**scalar, 1).ValueOrDie();
    EXPECT_TRUE(actual->Equals(expected)) << actual->ToString();
  }
}

TEST(PartitionValue, BytesInBothSpellings) {
  const auto bytes = [](std::string value) {
    const auto scalar = ParsePartitionValue(value, {.kind = TypeKind::kBinary});
    return static_cast<const arrow::BinaryScalar&>(**scalar).value->ToString();
  };
  EXPECT_EQ(bytes("\x01\x02\x03"), "\x01\x02\x03");
  EXPECT_EQ(bytes(R"(\u0001\u0002\u00FF)"), "\x01\x02\xff");
  EXPECT_EQ(bytes(R"(\u0001x)"), R"(\u0001x)");
  EXPECT_EQ(bytes(R"(\u00)"), R"(\u00)");
  EXPECT_EQ(bytes(R"(\u0101)"), R"(\u0101)");
}

TEST(PartitionValue, WithoutAZoneTheReaderSaysWhich) {
  const auto zone = TimeZone::Find("America/Los_Angeles");
  if (!zone) GTEST_SKIP() << zone.error().message();
  const auto micros = [&](std::string value, TypeKind kind) {
    const auto scalar = ParsePartitionValue(value, {.kind = kind}, *zone);
    return static_cast<const arrow::TimestampScalar&>(**scalar).value;
  };
  EXPECT_EQ(micros("1970-01-01 00:00:00", TypeKind::kTimestamp), 8 * 3600 * 1'000'000LL);
  EXPECT_EQ(micros("1970-01-01T00:00:00Z", TypeKind::kTimestamp), 0);
  EXPECT_EQ(micros("1970-01-01 00:00:00", TypeKind::kTimestampNtz), 0);
}

TEST(PartitionValue, WhatIsNoneOfItsTypeIsNamed) {
  for (const auto& [type, value] :
       std::vector<std::pair<std::string, std::string>>{{"integer", "x"},
                                                        {"integer", "2147483648"},
                                                        {"integer", "1.5"},
                                                        {"byte", "128"},
                                                        {"boolean", "1"},
                                                        {"double", "1.5x"},
                                                        {"date", "1970-02-30"},
                                                        {"timestamp", "today"},
                                                        {"timestamp_ntz", "1970-01-01T00:00:00Z"},
                                                        {"decimal(5,2)", "1000"},
                                                        {"decimal(5,2)", "1.005"}}) {
    const auto scalar = ParsePartitionValue(value, *ParseType(type));
    ASSERT_FALSE(scalar) << type << " " << value;
    EXPECT_EQ(scalar.error().kind(), ErrorKind::kBadData);
    EXPECT_THAT(scalar.error().message(), HasSubstr(value));
  }
}

}  // namespace
}  // namespace rtl::delta
