#include "delta/bin_packing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/testing_actions.h"

namespace rtl::delta {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// "size size ..." written in that order.
std::vector<Add> Files(const std::vector<std::int64_t>& sizes) {
  std::vector<Add> files;
  for (const std::int64_t size : sizes) {
    Add add = SomeAdd(fmt::format("f{}", files.size()));
    add.size = size;
    add.modification_time_ms = static_cast<std::int64_t>(files.size());
    files.push_back(std::move(add));
  }
  return files;
}

std::vector<std::vector<std::int64_t>> Sizes(const std::vector<std::vector<Add>>& bins) {
  std::vector<std::vector<std::int64_t>> sizes;
  for (const auto& bin : bins) {
    sizes.emplace_back();
    for (const Add& file : bin) sizes.back().push_back(file.size);
  }
  return sizes;
}

TEST(BinPacking, FillsBinsInTheOrderOfWriting) {
  const PackOptions options{.target_bytes = 100};
  EXPECT_THAT(Sizes(PackBins(Files({40, 30, 30, 50, 20, 60, 10}), options)),
              ElementsAre(ElementsAre(40, 30, 30), ElementsAre(50, 20), ElementsAre(60, 10)));
  std::vector<Add> shuffled = Files({1, 2, 3});
  std::swap(shuffled[0], shuffled[2]);
  EXPECT_THAT(Sizes(PackBins(shuffled, options)), ElementsAre(ElementsAre(1, 2, 3)));
}

TEST(BinPacking, LeavesLargeAndLonelyFiles) {
  const PackOptions options{.target_bytes = 100};
  EXPECT_THAT(PackBins(Files({75, 80, 1000}), options), IsEmpty());
  EXPECT_THAT(PackBins(Files({74}), options), IsEmpty());
  EXPECT_THAT(PackBins(Files({}), options), IsEmpty());
  // 70 and 70 do not fit into one.
  EXPECT_THAT(PackBins(Files({70, 70}), options), IsEmpty());
}

TEST(BinPacking, WaitsForEnoughFiles) {
  EXPECT_THAT(PackBins(Files({1, 1}), {.target_bytes = 100, .min_files = 3}), IsEmpty());
  EXPECT_THAT(PackBins(Files({1, 1, 1}), {.target_bytes = 100, .min_files = 3}), testing::SizeIs(1));
}

TEST(BinPacking, AmortisedLeavesWhatIsLargerThanTheOthersTogether) {
  const PackOptions options{.target_bytes = 100, .amortised = true};
  EXPECT_THAT(Sizes(PackBins(Files({1, 60, 1, 1}), options)), ElementsAre(ElementsAre(1, 1, 1)));
  EXPECT_THAT(Sizes(PackBins(Files({20, 41, 20}), options)), ElementsAre(ElementsAre(20, 20)));
  EXPECT_THAT(Sizes(PackBins(Files({20, 40, 20}), options)), ElementsAre(ElementsAre(20, 40, 20)));
  EXPECT_THAT(PackBins(Files({50, 20}), options), IsEmpty());
}

// A file a second for a day, packed every hundred files: how often is a byte written?
TEST(BinPacking, AmortisedWritesEachByteAFewTimes) {
  const PackOptions options{.target_bytes = 1'000'000, .min_files = 100, .amortised = true};
  std::vector<Add> files;
  std::int64_t written = 0;
  std::int64_t time = 0;
  for (int round = 0; round < 864; ++round) {
    for (int i = 0; i < 100; ++i) {
      Add add = SomeAdd(fmt::format("f{}", time));
      add.size = 100;
      add.modification_time_ms = time++;
      files.push_back(std::move(add));
    }
    for (const auto& bin : PackBins(files, options)) {
      Add merged = SomeAdd(fmt::format("m{}", time));
      merged.size = 0;
      for (const Add& input : bin) {
        merged.size += input.size;
        std::erase_if(files, [&](const Add& file) { return file.path == input.path; });
      }
      merged.modification_time_ms = time;
      written += merged.size;
      files.push_back(std::move(merged));
    }
  }
  EXPECT_LE(written, 86'400 * 100 * 8);
  EXPECT_LE(files.size(), 150U);
}

}  // namespace
}  // namespace rtl::delta
