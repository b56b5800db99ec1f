#include "discover/source_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/utf8_name.h"

namespace rtl::discover {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Keys of a listing by what they are.
struct Arranged {
  std::vector<SourceObject> objects;
  std::vector<FailedObject> failed;
  std::int64_t ignored = 0;
};

Arranged Arrange(std::string_view pattern, const std::vector<std::string>& keys) {
  const auto rules = SourceRules::Make(pattern);
  EXPECT_TRUE(rules) << rules.error().message();
  Arranged arranged;
  for (const std::string& key : keys) {
    store::ObjectInfo info;
    info.key = key;
    info.size = 3;
    Classified classified = rules->Classify(info);
    if (auto* object = std::get_if<SourceObject>(&classified)) {
      arranged.objects.push_back(std::move(*object));
    } else if (auto* failed = std::get_if<FailedObject>(&classified)) {
      arranged.failed.push_back(std::move(*failed));
    } else {
      ++arranged.ignored;
    }
  }
  return arranged;
}

std::vector<std::string> SourceFiles(const Arranged& listing) {
  std::vector<std::string> names;
  names.reserve(listing.objects.size());
  for (const SourceObject& object : listing.objects) names.push_back(object.source_file);
  return names;
}

TEST(IsIgnoredKey, BySegment) {
  for (const char* key : {"", ".", ".a", "_a", "a/.b", "a/_b", ".a/b", "_delta_log/0.json",
                          "a/_temporary/0/part", "a/", "/", "a//.b"}) {
    EXPECT_TRUE(IsIgnoredKey(key)) << key;
  }
  for (const char* key : {"a", "a.b", "a_b", "a/b", "a/b.c/d_e", "-", "a//b", "~a"}) {
    EXPECT_FALSE(IsIgnoredKey(key)) << key;
  }
}

TEST(SourceRules, WithoutAPatternTheKeyIsTheSourceFile) {
  const store::ObjectInfo info{.key = "x/id-1.txt",
                               .size = 12,
                               .version = {.etag = "e", .version_id = "v", .settled = false},
                               .modified_at = FromMicros(77)};
  const auto classified = SourceRules::Make("")->Classify(info);
  const auto* object = std::get_if<SourceObject>(&classified);
  ASSERT_NE(object, nullptr);
  EXPECT_EQ(object->key, "x/id-1.txt");
  EXPECT_EQ(object->source_file, "x/id-1.txt");
  EXPECT_EQ(object->size, 12);
  EXPECT_EQ(object->version, info.version);
  EXPECT_EQ(object->uploaded_at, FromMicros(77));
}

TEST(SourceRules, ThePatternMatchesTheWholeKeyAndItsCaptureIsTheSourceFile) {
  const auto listing =
      Arrange(R"(id-(\d+)\.txt)", {"a/id-3.txt", "id-1.txt", "id-1.txt.bak", "id-22.txt", "xid-1.txt"});
  EXPECT_THAT(SourceFiles(listing), ElementsAre("1", "22"));
  EXPECT_EQ(listing.ignored, 3);
  EXPECT_THAT(listing.failed, IsEmpty());
}

TEST(SourceRules, FoldersNonCapturingGroupsAndNewlines) {
  EXPECT_THAT(SourceFiles(Arrange(R"((?:in|out)/(.*)\.json)", {"in/a/b.json", "out/x\ny.json"})),
              ElementsAre("a/b", "x\ny"));
}

TEST(SourceRules, BadPatterns) {
  for (const char* pattern : {"(", "id-\\d+", "(a)(b)", "((a))", "a)", "(\xff)", "(?P<n>a)(b)", R"((a)\1)"}) {
    const auto rules = SourceRules::Make(pattern);
    ASSERT_FALSE(rules) << pattern;
    EXPECT_EQ(rules.error().kind(), ErrorKind::kBadConfig);
    EXPECT_TRUE(IsUtf8(rules.error().message())) << pattern;
  }
  EXPECT_THAT(SourceRules::Make("(a)(b)").error().message(), HasSubstr("2 capture groups"));
}

TEST(SourceRules, APatternThatNestsDeepOrRunsLongIsNoDanger) {
  std::string key(100'000, 'a');
  EXPECT_THAT(SourceFiles(Arrange("((?:a|aa)*)b", {key})), IsEmpty());
  EXPECT_EQ(SourceFiles(Arrange("((?:a|aa)*)", {key})), std::vector<std::string>{key});
}

TEST(SourceRules, ACaptureOfNothingIsFailed) {
  const auto listing = Arrange(R"(id-(\d*)\.txt)", {"id-.txt", "id-1.txt"});
  EXPECT_THAT(SourceFiles(listing), ElementsAre("1"));
  ASSERT_EQ(listing.failed.size(), 1U);
  EXPECT_EQ(listing.failed[0].object.source_file, "id-.txt");
  EXPECT_EQ(Arrange("a|(b)", {"a", "b"}).failed.size(), 1U);  // a group that takes no part
}

TEST(SourceRules, AKeyThatIsNotUtf8IsFailedWithItsNameEscaped) {
  const auto listing = Arrange("", {".\xff", "a\xffz", "gr\xc3\xbcn"});
  EXPECT_THAT(SourceFiles(listing), ElementsAre("gr\xc3\xbcn"));
  EXPECT_EQ(listing.ignored, 1);
  ASSERT_EQ(listing.failed.size(), 1U);
  EXPECT_EQ(listing.failed[0].object.key, "a\xffz");
  EXPECT_EQ(listing.failed[0].object.source_file, "a\\xffz");
  EXPECT_THAT(listing.failed[0].reason, HasSubstr("UTF-8"));
}

TEST(Utf8, OnlyWhatTheRfcAllows) {
  for (const char* valid : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                            "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(valid)) << EscapeInvalidUtf8(valid);
    EXPECT_EQ(EscapeInvalidUtf8(valid), valid);
  }
  for (const char* invalid :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2z", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf0\x9f\x98", "\xff", "\xfe"}) {
    EXPECT_FALSE(IsUtf8(invalid)) << EscapeInvalidUtf8(invalid);
    EXPECT_TRUE(IsUtf8(EscapeInvalidUtf8(invalid)));
  }
  EXPECT_EQ(EscapeInvalidUtf8("a\xe2\x82z\xc3\xa9"), "a\\xe2\\x82z\xc3\xa9");
}

}  // namespace
}  // namespace rtl::discover
