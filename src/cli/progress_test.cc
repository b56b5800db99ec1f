#include "cli/progress.h"

#include <gtest/gtest.h>

namespace rtl::cli {
namespace {

const ProgressCounters kHalf = {.planned_files = 230,
                                .planned_bytes = 90'400'000,
                                .done_files = 120,
                                .done_bytes = 45'200'000,
                                .rows = 1'234'567,
                                .seconds = 2};

TEST(ProgressBar, ShowsShareFilesRowsAndRate) {
  EXPECT_EQ(ProgressBar(kHalf, 120),
            "[##########..........]  50%  120/230 files  1,234,567 rows  45.2 MB  22.6 MB/s");
}

TEST(ProgressBar, NeverFillsTheLine) {
  ProgressCounters counters = kHalf;
  counters.rejected = 12;
  counters.problems = 3;
  for (int width = 0; width < 140; ++width) {
    EXPECT_LE(static_cast<int>(ProgressBar(counters, width).size()), std::max(0, width - 1)) << width;
    EXPECT_LE(static_cast<int>(ProgressBar({}, width).size()), std::max(0, width - 1)) << width;
  }
  EXPECT_NE(ProgressBar(counters, 140).find("12 rejected  3 held or failed"), std::string::npos);
}

TEST(ProgressBar, FilesWithoutBytesCountAsFiles) {
  EXPECT_NE(ProgressBar({.planned_files = 4, .done_files = 1}, 80).find(" 25%"), std::string::npos);
  // A file that grew after it was planned does not make more than a whole.
  EXPECT_NE(ProgressBar({.planned_files = 4, .planned_bytes = 10, .done_files = 3, .done_bytes = 50}, 80)
                .find("100%"),
            std::string::npos);
}

TEST(ProgressLine, IsPlain) {
  EXPECT_EQ(ProgressLine(kHalf), "120 of 230 files, 45.2 MB of 90.4 MB, 1,234,567 rows, 22.6 MB/s");
  EXPECT_EQ(ProgressLine({}), "listing the source");
}

TEST(ProgressCounters, CountsOutcomes) {
  ProgressCounters counters;
  counters.Count({.outcome = load::Outcome::kLoaded, .bytes = 10, .rows = 3, .rejected = 1});
  counters.Count({.outcome = load::Outcome::kHeld, .bytes = 5});
  EXPECT_EQ(counters.done_files, 2);
  EXPECT_EQ(counters.done_bytes, 15);
  EXPECT_EQ(counters.rows, 3);
  EXPECT_EQ(counters.rejected, 1);
  EXPECT_EQ(counters.problems, 1);
}

}  // namespace
}  // namespace rtl::cli
