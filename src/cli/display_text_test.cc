#include "cli/display_text.h"

#include <gtest/gtest.h>

namespace rtl::cli {
namespace {

TEST(ToValidUtf8, KeepsTextAndEscapesOtherBytes) {
  EXPECT_EQ(ToValidUtf8("naïve 数据 🎉"), "naïve 数据 🎉");
  EXPECT_EQ(ToValidUtf8("a\xff"
                        "b"),
            "a\\xffb");
  EXPECT_EQ(ToValidUtf8("\xe6\x95"), "\\xe6\\x95");           // cut short
  EXPECT_EQ(ToValidUtf8("\xc0\xaf"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(ToValidUtf8("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(ToValidUtf8("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(ToValidUtf8("a\nb"), "a\nb");
}

TEST(OneLine, LeavesNothingThatATerminalObeys) {
  EXPECT_EQ(OneLine("a\nb\tc\r"), "a\\nb\\tc\\r");
  EXPECT_EQ(OneLine(std::string_view("\x1b[31m\0", 6)), "\\x1b[31m\\x00");
  EXPECT_EQ(OneLine("\xc2\x9b"), "\\u{9b}");          // C1: another escape
  EXPECT_EQ(OneLine("a\xe2\x80\xae"), "a\\u{202e}");  // right-to-left override
  EXPECT_EQ(OneLine("\xff ü"), "\\xff ü");
}

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("ключ"), 4);
  EXPECT_EQ(DisplayWidth("数据"), 4);
  EXPECT_EQ(DisplayWidth("🎉"), 2);
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1);  // combining accent
}

TEST(CutToWidth, CutsAtCharactersAndSaysSo) {
  EXPECT_EQ(CutToWidth("abcdef", 6), "abcdef");
  EXPECT_EQ(CutToWidth("abcdefg", 6), "abcde…");
  EXPECT_EQ(CutToWidth("数据数据", 5), "数据…");
  EXPECT_EQ(CutToWidth("数据数据", 6), "数据…");  // the third would leave no room for the ellipsis
  EXPECT_EQ(CutToWidth("abc", 1), "…");
  EXPECT_EQ(CutToWidth("abc", 0), "");
  EXPECT_EQ(CutToWidth("", 0), "");
}

}  // namespace
}  // namespace rtl::cli
