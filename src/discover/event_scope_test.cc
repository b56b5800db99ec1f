#include "discover/event_scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/base64.h"
#include "discover/event_time.h"

namespace rtl::discover {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

const EventScope kScope{.bucket = "lake", .prefix = "in/"};

S3Event Event(S3EventKind kind, std::string bucket, std::string key) {
  S3Event event;
  event.kind = kind;
  event.bucket = std::move(bucket);
  event.key = std::move(key);
  return event;
}

TEST(EventScope, KeysAreRelativeToThePrefix) {
  EXPECT_EQ(KeyInScope(kScope, "lake", "in/a/b.txt"), "a/b.txt");
  EXPECT_EQ(KeyInScope({.bucket = "lake"}, "lake", "in/a"), "in/a");
  EXPECT_EQ(KeyInScope(kScope, "lake", "in//a"), "/a");
}

TEST(EventScope, WhatIsNotOursIsRefusedWithTheReason) {
  EXPECT_THAT(KeyInScope(kScope, "Lake", "in/a").error(), HasSubstr("bucket Lake is not ours"));
  EXPECT_THAT(KeyInScope(kScope, "lake2", "in/a").error(), HasSubstr("bucket lake2"));
  EXPECT_THAT(KeyInScope(kScope, "lake", "inn/a").error(), HasSubstr("not below the prefix in/"));
  EXPECT_THAT(KeyInScope(kScope, "lake", "in").error(), HasSubstr("not below"));
  EXPECT_THAT(KeyInScope(kScope, "lake", "in/").error(), HasSubstr("folder itself"));
  EXPECT_THAT(KeyInScope(kScope, "lake", "\xff").error(), HasSubstr("\\xff"));
}

TEST(EventScope, KeysOfAMessage) {
  EventMessage message;
  message.events = {
      Event(S3EventKind::kCreated, "lake", "in/b"),  Event(S3EventKind::kRemoved, "lake", "in/a"),
      Event(S3EventKind::kRemoved, "lake", "in/b"),  Event(S3EventKind::kIgnored, "lake", "in/c"),
      Event(S3EventKind::kCreated, "other", "in/d"), Event(S3EventKind::kCreated, "lake", "in/")};
  message.events[0].time = FromMicros(5);
  message.events[2].time = FromMicros(7);
  const ScopedKeys scoped = KeysOf(message, kScope);
  EXPECT_THAT(scoped.keys, ElementsAre(Field(&ScopedKey::key, "b"), Field(&ScopedKey::key, "a")));
  EXPECT_EQ(scoped.keys[0].time, FromMicros(7)) << "the newest";
  EXPECT_FALSE(scoped.keys[1].time);
  EXPECT_EQ(scoped.repeated, 1);
  EXPECT_EQ(scoped.ignored, 2) << "and the folder itself";
  EXPECT_THAT(scoped.refused, ElementsAre(Field(&RefusedEvent::reason, HasSubstr("other"))));
}

TEST(EventTime, WhatIsATime) {
  const auto at = [](std::int64_t micros) { return std::optional(FromMicros(micros)); };
  EXPECT_EQ(ParseEventTime("1970-01-01T00:00:00.123Z"), at(123'000));
  EXPECT_EQ(ParseEventTime("1970-01-02T00:00:00Z"), at(86'400'000'000));
  EXPECT_EQ(ParseEventTime("1970-01-01T01:00:00.0000019+01:00"), at(1));
  EXPECT_EQ(ParseEventTime("1969-12-31T23:30:00-00:30"), at(0));
  for (const char* text : {"", "1970-01-01", "1970-13-01T00:00:00Z", "1970-02-30T00:00:00Z",
                           "1970-01-01T24:00:00Z", "1970-01-01T00:00:00", "1970-01-01T00:00:00Zx",
                           "1970-01-01T00:00:00.Z", "-970-01-01T00:00:00Z", "1970-01-01T00:00:00+1"}) {
    EXPECT_FALSE(ParseEventTime(text)) << text;
  }
}

TEST(Base64, OnlyWhatIsBase64) {
  EXPECT_EQ(DecodeBase64("aGk="), "hi");
  EXPECT_EQ(DecodeBase64("aGkh"), "hi!");
  EXPECT_EQ(DecodeBase64("aA=="), "h");
  EXPECT_EQ(DecodeBase64(""), "");
  for (const char* text : {"aGk", "aG=k", "====", "aGk=\n", "a-_=", "aGk= aGk"}) {
    EXPECT_FALSE(DecodeBase64(text)) << text;
  }
}

}  // namespace
}  // namespace rtl::discover
