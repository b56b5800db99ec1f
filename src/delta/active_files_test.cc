#include "delta/active_files.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "core/uuid.h"
#include "delta/table.h"

namespace rtl::delta {
namespace {

std::string ToText(const Add& add) {
  return ToCommitBytes(std::vector<Action>{add});
}

Add FullAdd(std::string path) {
  return {.path = std::move(path),
          .partition_values = {{"p", "1"}, {"q", std::nullopt}},
          .size = 123'456,
          .modification_time_ms = 1'700'000'000'000,
          .stats = R"({"numRecords":7})",
          .tags = {{"a", "b"}},
          .path_in_log = "x%20y"};
}

TEST(ActiveFiles, GivesBackWhatItWasGiven) {
  ActiveFiles files;
  Add add = FullAdd(fmt::format("1a2b3c4d-{}.parquet", NewUuid()));
  add.deletion_vector = {.storage_type = 'u',
                         .path_or_inline = "ab^-aqEH.-t@S}K{vb[*k^",
                         .offset = 4,
                         .size_in_bytes = 40,
                         .cardinality = 6,
                         .max_row_index = 9};
  Add bare{.path = "no uuid", .data_change = false};
  files.Insert(add);
  files.Insert(bare);
  EXPECT_EQ(ToText(*files.Find(add.path)), ToText(add));
  EXPECT_EQ(ToText(*files.Find("no uuid")), ToText(bare));
  EXPECT_FALSE(files.Find("other"));
  EXPECT_EQ(files.data_bytes(), 123'456);
}

TEST(ActiveFiles, LeanKeepsNeitherStatisticsNorTags) {
  ActiveFiles files(FileDetail::kLean);
  Add add = FullAdd("f");
  files.Insert(add);
  add.stats.clear();
  add.tags.clear();
  EXPECT_EQ(ToText(*files.Find("f")), ToText(add));
}

TEST(ActiveFiles, OneFileSpeltTwoWays) {
  ActiveFiles files;
  files.Insert(FullAdd("file:///some/path"));
  EXPECT_TRUE(files.Contains("/some/path"));
  EXPECT_TRUE(files.Erase("file:/some/path"));
  EXPECT_TRUE(files.empty());
}

// Against a map, over enough changes that slots grow and records are packed anew.
TEST(ActiveFiles, AgreesWithAMap) {
  std::mt19937 random(7);
  ActiveFiles files;
  std::map<std::string, Add> model;
  for (int step = 0; step < 60'000; ++step) {
    const std::string path = fmt::format("file-{}", random() % 5'000);
    if (random() % 3 == 0) {
      EXPECT_EQ(files.Erase(path), model.erase(path) == 1);
    } else {
      Add add = FullAdd(path);
      add.size = static_cast<std::int64_t>(random() % 1'000'000);
      add.stats = std::string(random() % 400, 's');
      files.Insert(add);
      model.insert_or_assign(path, add);
    }
  }
  std::int64_t bytes = 0;
  ASSERT_EQ(files.size(), model.size());
  for (const auto& [path, add] : model) {
    const auto found = files.Find(path);
    ASSERT_TRUE(found) << path;
    EXPECT_EQ(ToText(*found), ToText(add));
    bytes += add.size;
  }
  EXPECT_EQ(files.data_bytes(), bytes);
  EXPECT_LT(files.MemoryBytes(), model.size() * 1'500) << "what was erased must be given back";
}

TEST(ActiveFiles, AFileTakesLessThanAHundredBytes) {
  constexpr int kFiles = 100'000;
  ActiveFiles files(FileDetail::kLean);
  for (int file = 0; file < kFiles; ++file) {
    Add add = FullAdd(fmt::format("{:08x}-{}.parquet", file * 7919, NewUuid()));
    add.partition_values.clear();
    add.path_in_log.clear();
    files.Insert(add);
  }
  EXPECT_LT(files.MemoryBytes() / kFiles, 100U);
}

}  // namespace
}  // namespace rtl::delta
