// Deletion vectors that others wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <variant>

#include "delta/deletion_vector_reader.h"
#include "delta/table.h"
#include "delta/testing_archive.h"
#include "delta/testing_corpora.h"
#include "delta/testing_store.h"

namespace rtl::delta {
namespace {

struct CorpusTable {
  const char* file;     // under the corpora
  const char* folder;   // in the archive; of a plain folder: ""
  std::size_t vectors;  // that its commits' adds name
};

class CorpusVectors : public testing::TestWithParam<CorpusTable> {};

TEST_P(CorpusVectors, StrikeOutAsManyRowsAsTheLogSays) {
  RTL_NEED_CORPUS(path, GetParam().file);
  TestingStore store;
  if (is_directory(path)) {
    store.ReadFolder(path);
  } else {
    for (const auto& [key, bytes] : FilesOfArchive(path, GetParam().folder))
      ASSERT_TRUE(store.Put(key, bytes));
  }
  std::set<std::string> read;
  const auto logs = ListAll(store, "_delta_log/");
  ASSERT_TRUE(logs);
  for (const store::ObjectInfo& log : *logs) {
    if (!log.key.ends_with(".json") || log.key.contains("checkpoint")) continue;
    const auto actions = ParseCommitBytes(store.Get(log.key, {})->bytes);
    ASSERT_TRUE(actions) << log.key << ": " << actions.error().message();
    for (const Action& action : *actions) {
      const auto* add = std::get_if<Add>(&action);
      if (add == nullptr || !add->deletion_vector) continue;
      const auto vector = ReadDeletionVector(store, "", *add->deletion_vector);
      ASSERT_TRUE(vector) << vector.error().message();
      EXPECT_GT(vector->Cardinality(), 0);
      read.insert(add->deletion_vector->UniqueId());
    }
  }
  EXPECT_EQ(read.size(), GetParam().vectors);
}

INSTANTIATE_TEST_SUITE_P(OfOthers, CorpusVectors,
                         testing::Values(CorpusTable{"delta_tables/table-with-dv-small", "", 1},
                                         CorpusTable{"delta_tables/with-short-dv", "", 1},
                                         CorpusTable{"delta_tables/cdf-table-with-dv.tar.zst",
                                                     "cdf-table-with-dv", 4},
                                         CorpusTable{"delta_golden/dv-partitioned-with-checkpoint.tar.zst",
                                                     "dv-partitioned-with-checkpoint/delta", 10},
                                         CorpusTable{"delta_golden/dv-with-columnmapping.tar.zst",
                                                     "dv-with-columnmapping/delta", 10},
                                         CorpusTable{"delta_golden/log-replay-dv-key-cases.tar.zst",
                                                     "log-replay-dv-key-cases/delta", 3}));

}  // namespace
}  // namespace rtl::delta
