#include "delta/z85.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <random>

namespace rtl::delta {
namespace {

using testing::HasSubstr;

TEST(Z85Test, TheExampleOfItsSpecification) {
  const std::string bytes = "\x86\x4F\xD2\x6F\xB5\x59\xF7\x5B";
  EXPECT_EQ(EncodeZ85(bytes), "HelloWorld");
  EXPECT_EQ(*DecodeZ85("HelloWorld"), bytes);
  EXPECT_EQ(EncodeZ85(""), "");
  EXPECT_EQ(*DecodeZ85(""), "");
}

TEST(Z85Test, WhatIsEncodedIsDecodedAndFilledWithZeros) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 200; ++size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const std::string text = EncodeZ85(bytes);
    const auto decoded = DecodeZ85(text);
    ASSERT_TRUE(decoded) << decoded.error().message();
    bytes.resize((size + 3) / 4 * 4);
    EXPECT_EQ(*decoded, bytes);
  }
}

TEST(Z85Test, TheHighestGroup) {
  EXPECT_EQ(*DecodeZ85("%nSc0"), "\xff\xff\xff\xff");
  const auto beyond = DecodeZ85("00000%nSc1");
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().kind(), ErrorKind::kBadData);
  EXPECT_THAT(beyond.error().message(), HasSubstr("from 6 on"));
  EXPECT_FALSE(DecodeZ85("#####"));
}

TEST(Z85Test, AShortLastGroupAsSomeWriteIt) {
  EXPECT_EQ(*DecodeZ85("HelloWorld##093"), *DecodeZ85("HelloWorld") + std::string("\3\0", 2));
  EXPECT_EQ(*DecodeZ85("###30"), "\xff");
  EXPECT_EQ(*DecodeZ85("###00"), std::string(1, '\0'));
  EXPECT_EQ(*DecodeZ85("#rr90"), "\xff\xff\xff");
  EXPECT_THAT(DecodeZ85("###31").error().message(), HasSubstr("more than 8 bits"));
  EXPECT_THAT(DecodeZ85("##961").error().message(), HasSubstr("more than 16 bits"));
  EXPECT_FALSE(DecodeZ85("####0"));
  EXPECT_FALSE(DecodeZ85("###30HelloWorld")) << "not the last";
}

TEST(Z85Test, OtherTextIsAnError) {
  EXPECT_THAT(DecodeZ85("Hello1").error().message(), HasSubstr("6 characters"));
  for (const char c : {' ', '"', '\\', '\'', ',', ';', '_', '`', '|', '~', '\x7f', '\xff', '\n'}) {
    std::string text = "HelloWorld";
    text[7] = c;
    const auto decoded = DecodeZ85(text);
    ASSERT_FALSE(decoded) << c;
    EXPECT_THAT(decoded.error().message(), HasSubstr("character 8"));
  }
  EXPECT_FALSE(DecodeZ85(std::string(5, '\0')));
}

}  // namespace
}  // namespace rtl::delta
