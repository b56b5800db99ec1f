#include "delta/log_segments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rtl::delta {
namespace {

using Ranges = std::vector<std::pair<Version, Version>>;

Ranges Planned(const Ranges& compactions, Version first, Version last) {
  LogListing listing;
  for (const auto& [from, to] : compactions) listing.compactions.push_back({from, to, {}});
  Ranges planned;
  for (const LogSegment& segment : SegmentsDown(listing, first, last)) {
    EXPECT_EQ(segment.compaction == nullptr, segment.first == segment.last);
    planned.emplace_back(segment.first, segment.last);
  }
  return planned;
}

TEST(LogSegments, CommitsWhereThereIsNoCompaction) {
  EXPECT_EQ(Planned({}, 3, 5), (Ranges{{5, 5}, {4, 4}, {3, 3}}));
  EXPECT_EQ(Planned({}, 6, 5), Ranges());
}

TEST(LogSegments, ACompactionMustLieWhollyInside) {
  EXPECT_EQ(Planned({{3, 5}}, 3, 5), (Ranges{{3, 5}}));
  EXPECT_EQ(Planned({{2, 5}}, 3, 5), (Ranges{{5, 5}, {4, 4}, {3, 3}}));
  EXPECT_EQ(Planned({{4, 6}}, 3, 5), (Ranges{{5, 5}, {4, 4}, {3, 3}}));
  EXPECT_EQ(Planned({{4, 5}}, 3, 6), (Ranges{{6, 6}, {4, 5}, {3, 3}}));
}

TEST(LogSegments, TheFewestFilesWhereTheyOverlap) {
  EXPECT_EQ(Planned({{6, 10}, {6, 15}}, 0, 16).front(), (std::pair<Version, Version>(16, 16)));
  EXPECT_EQ(Planned({{0, 5}, {6, 10}, {6, 15}}, 0, 15), (Ranges{{6, 15}, {0, 5}}));
  // The longest at the newest end would leave 1, 2, 3 and 4 to be read one by one.
  EXPECT_EQ(Planned({{1, 9}, {5, 10}}, 1, 10), (Ranges{{10, 10}, {1, 9}}));
  EXPECT_EQ(Planned({{1, 4}, {5, 10}, {3, 9}}, 1, 10), (Ranges{{5, 10}, {1, 4}}));
}

}  // namespace
}  // namespace rtl::delta
