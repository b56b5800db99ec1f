#include "delta/table_properties.h"

#include <gtest/gtest.h>

namespace rtl::delta {
namespace {

using std::chrono::milliseconds;

TEST(TableProperties, ReadsIntervals) {
  EXPECT_EQ(ParseInterval("interval 1 week"), milliseconds(7LL * 86'400'000));
  EXPECT_EQ(ParseInterval("INTERVAL 2 Days 3 hours"), milliseconds(51LL * 3'600'000));
  EXPECT_EQ(ParseInterval("168 hours"), milliseconds(7LL * 86'400'000));
  EXPECT_EQ(ParseInterval("interval 0 days"), milliseconds(0));
  for (const auto* text : {"", "interval", "interval 1", "interval x days", "interval 1 fortnight",
                           "interval -1 day", "interval 99999999999999 weeks", "1 month"}) {
    EXPECT_FALSE(ParseInterval(text)) << text;
  }
}

TEST(TableProperties, RetentionIsAWeekUnlessSet) {
  Metadata metadata;
  EXPECT_EQ(DeletedFileRetention(metadata), milliseconds(7LL * 86'400'000));
  metadata.configuration["delta.deletedFileRetentionDuration"] = "interval 1 hour";
  EXPECT_EQ(DeletedFileRetention(metadata), milliseconds(3'600'000));
}

TEST(TableProperties, BooleansIgnoreCase) {
  Metadata metadata;
  EXPECT_FALSE(IsTrue(metadata, "delta.appendOnly"));
  metadata.configuration["delta.appendOnly"] = "True";
  EXPECT_TRUE(IsTrue(metadata, "delta.appendOnly"));
  metadata.configuration["delta.appendOnly"] = "maybe";
  EXPECT_TRUE(BoolProperty(metadata, "delta.appendOnly", true));
}

}  // namespace
}  // namespace rtl::delta
