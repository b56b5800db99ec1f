// Checkpoints of the second spec, and those of other programs.
#include "delta/checkpoint_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/log_names.h"
#include "delta/table.h"
#include "delta/testing_actions.h"
#include "delta/testing_corpora.h"
#include "delta/testing_store.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

constexpr std::string_view kUuid = "80a083e8-7026-4e79-81be-64bd76c43a11";
constexpr std::string_view kTop =
    R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["v2Checkpoint"],"writerFeatures":["v2Checkpoint"]}}
{"metaData":{"id":"x","format":{"provider":"parquet"},"schemaString":"{\"type\":\"struct\",\"fields\":[]}","partitionColumns":[],"configuration":{}}}
)";

std::string FileLine(std::string_view path) {
  return fmt::format(
      R"({{"add":{{"path":"{}","partitionValues":{{}},"size":1,"modificationTime":1,"dataChange":true}}}})"
      "\n",
      path);
}

// A table of whose log only a JSON checkpoint of version 3 and its commit are left.
class JsonCheckpoint : public testing::Test {
 protected:
  void Put(std::string_view checkpoint, LogFileKind kind = LogFileKind::kUuidCheckpoint) {
    ASSERT_TRUE(store_.Put("_delta_log/" + CommitName(3), R"({"commitInfo":{}})"));
    const std::string key = fmt::format("_delta_log/{:020}.checkpoint.{}.json", 3, kUuid);
    ASSERT_TRUE(store_.Put(key, checkpoint));
    files_ = {.version = 3, .kind = kind, .is_json = true, .parts = {*store_.Head(key)}};
  }
  Result<TableState> Load() { return Table(store_, "").Load(); }
  void ExpectDamage(std::string_view checkpoint, std::string_view what) {
    Put(checkpoint);
    const auto state = Load();
    ASSERT_FALSE(state) << checkpoint;
    EXPECT_EQ(state.error().kind(), ErrorKind::kBadData);
    EXPECT_THAT(state.error().message(), HasSubstr(what));
    EXPECT_THAT(state.error().message(), HasSubstr(kUuid)) << "names the file";
  }

  TestingStore store_;
  CheckpointFiles files_;
};

TEST_F(JsonCheckpoint, WithItsFilesInside) {
  Put(fmt::format(R"({{"checkpointMetadata":{{"version":3,"tags":{{}}}}}}
{}{}{}{{"txn":{{"appId":"app","version":7}}}}
{{"remove":{{"path":"c","deletionTimestamp":5,"dataChange":true}}}}
)",
                  kTop, FileLine("a"), FileLine("b")));
  const auto state = Load();
  ASSERT_TRUE(state) << state.error().message();
  EXPECT_EQ(state->version, 3);
  EXPECT_EQ(state->files.size(), 2U);
  EXPECT_EQ(state->txns.at("app").version, 7);
  EXPECT_EQ(Tombstones(Table(store_, "")).size(), 1U);
}

TEST_F(JsonCheckpoint, LongerThanWhatIsReadAtOnce) {
  constexpr int kFiles = 60'000;
  std::string text = fmt::format("{{\"checkpointMetadata\":{{\"version\":3}}}}\n{}", kTop);
  for (int file = 0; file < kFiles; ++file) text += FileLine(fmt::format("part-{}", file));
  ASSERT_GT(text.size(), 5U << 20);
  text.pop_back();
  Put(text);
  const auto state = Load();
  ASSERT_TRUE(state) << state.error().message();
  EXPECT_EQ(state->files.size(), static_cast<std::size_t>(kFiles));
}

TEST_F(JsonCheckpoint, ContradictionsAreDamage) {
  const std::string metadata = "{\"checkpointMetadata\":{\"version\":3}}\n";
  const std::string top(kTop);
  ExpectDamage(top, "no checkpointMetadata");
  ExpectDamage(metadata + metadata + top, "two checkpointMetadata");
  ExpectDamage("{\"checkpointMetadata\":{\"version\":4}}\n" + top, "it is of version 4");
  ExpectDamage(metadata + top + top, "second protocol action");
  ExpectDamage(metadata + top + FileLine("a") + FileLine("a"), "active twice");
  const std::string txn = "{\"txn\":{\"appId\":\"app\",\"version\":7}}\n";
  ExpectDamage(metadata + top + txn + txn, "app id app");
  const std::string domain =
      "{\"domainMetadata\":{\"domain\":\"d\",\"configuration\":\"\",\"removed\":false}}\n";
  ExpectDamage(metadata + top + domain + domain, "domainMetadata action for d");
  const std::string sidecar =
      "{\"sidecar\":{\"path\":\"a.parquet\",\"sizeInBytes\":9,\"modificationTime\":1}}\n";
  ExpectDamage(metadata + top + sidecar + FileLine("a"), "beside its sidecars");
  ExpectDamage(metadata + top + "{\"add\":{\"path\":", "line 4");
  ExpectDamage("", "no checkpointMetadata");
  ExpectDamage(metadata + top + "{\"sidecar\":{\"path\":\"../a\",\"sizeInBytes\":9,\"modificationTime\":1}}",
               "leads out");
}

TEST_F(JsonCheckpoint, ListsItsSidecars) {
  Put(R"({"checkpointMetadata":{"version":3}}
{"sidecar":{"path":"a%20b.parquet","sizeInBytes":9,"modificationTime":1,"tags":{"k":"v"}}}
{"sidecar":{"path":"s3://bucket/t/_delta_log/_sidecars/c.parquet","sizeInBytes":10,"modificationTime":2}}
)");
  const auto sidecars = ReadSidecars(store_, files_);
  ASSERT_TRUE(sidecars) << sidecars.error().message();
  ASSERT_EQ(sidecars->size(), 2U);
  EXPECT_EQ((*sidecars)[0].key, "_delta_log/_sidecars/a b.parquet");
  EXPECT_EQ((*sidecars)[0].action.tags.at("k"), "v");
  EXPECT_EQ((*sidecars)[1].key, "_delta_log/_sidecars/c.parquet");
}

// Protocol: "Sidecar File Information".
TEST(SidecarKey, LiesInTheTablesOwnLog) {
  EXPECT_EQ(SidecarKey("t/_delta_log/", "x.parquet"), "t/_delta_log/_sidecars/x.parquet");
  EXPECT_EQ(SidecarKey("t/_delta_log/", "file:/else/where/_delta_log/_sidecars/x.parquet"),
            "t/_delta_log/_sidecars/x.parquet");
  for (const auto* bad : {"", "..", ".", "a/b", "/x.parquet", "file:/_sidecars/x.parquet",
                          "/t/_delta_log/_sidecars/", "/t/_delta_log/_sidecars/../x"}) {
    EXPECT_FALSE(SidecarKey("t/_delta_log/", bad)) << bad;
  }
}

class OthersCheckpoints : public testing::TestWithParam<const char*> {
 protected:
  // The newest state, read without the commits up to the newest checkpoint but its own.
  void ExpectSameWithoutCommits() {
    const Table table(store_, "", clock_);
    const auto listed = ListLog(store_, "_delta_log/", 0);
    ASSERT_TRUE(listed);
    ASSERT_FALSE(listed->checkpoints.empty());
    const auto checkpoints = listed->checkpoints;
    for (const CheckpointFiles& files : checkpoints) {
      ASSERT_TRUE(store_.Delete(files.parts.front().key));
    }
    const auto replayed = table.Load();
    ASSERT_TRUE(replayed) << replayed.error().message();
    ReadInto(store_);
    const Version version = checkpoints.back().version;
    for (Version commit = 0; commit < version; ++commit) {
      ASSERT_TRUE(store_.Delete("_delta_log/" + CommitName(commit)));
    }
    const auto state = table.Load();
    ASSERT_TRUE(state) << state.error().message();
    EXPECT_EQ(state->version, replayed->version);
    EXPECT_EQ(state->metadata.id, replayed->metadata.id);
    ASSERT_EQ(state->files.size(), replayed->files.size());
    EXPECT_EQ(state->files.data_bytes(), replayed->files.data_bytes());
    for (const Add& add : replayed->files.Sorted()) EXPECT_TRUE(state->files.Contains(add.path)) << add.path;
  }
  void ReadInto(TestingStore& store) { store.ReadFolder(folder_); }

  std::filesystem::path folder_;
  TestingStore store_;
  FixedClock clock_{0};
};

TEST_P(OthersCheckpoints, SayWhatTheCommitsSay) {
  RTL_NEED_PACKED_CORPUS(corpus, GetParam());
  folder_ = corpus.folder();
  ReadInto(store_);
  ExpectSameWithoutCommits();
}

// A sidecar that is gone or cut short: from an older checkpoint, or the commits.
TEST_P(OthersCheckpoints, ADamagedSidecarIsPassedOver) {
  RTL_NEED_PACKED_CORPUS(corpus, GetParam());
  folder_ = corpus.folder();
  ReadInto(store_);
  const Table table(store_, "", clock_);
  const auto whole = table.Load();
  ASSERT_TRUE(whole) << whole.error().message();
  const auto listed = ListLog(store_, "_delta_log/", 0);
  const CheckpointFiles& newest = listed->checkpoints.back();
  const auto sidecars = ReadSidecars(store_, newest);
  ASSERT_TRUE(sidecars) << sidecars.error().message();
  for (const SidecarFile& file : *sidecars) {
    const std::string bytes = store_.Get(file.key, {})->bytes;
    EXPECT_EQ(static_cast<std::int64_t>(bytes.size()), file.action.size);
    ASSERT_TRUE(store_.Put(file.key, bytes.substr(0, bytes.size() / 2)));
    EXPECT_EQ(table.Load()->files.size(), whole->files.size());
    ASSERT_TRUE(store_.Delete(file.key));
    EXPECT_EQ(table.Load()->files.size(), whole->files.size());
    ASSERT_TRUE(store_.Delete("_delta_log/" + CommitName(0)));
    std::size_t others = 0;
    for (const CheckpointFiles& files : listed->checkpoints) others += files.version < newest.version ? 1 : 0;
    const auto state = table.Load();
    EXPECT_EQ(state.has_value(), others > 0);
    if (!state) {
      EXPECT_THAT(state.error().message(), HasSubstr(newest.parts.front().key));
      EXPECT_THAT(state.error().message(), HasSubstr(file.key));
    }
    return;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Corpora, OthersCheckpoints,
    testing::Values("delta_tables/v2-checkpoints-json-with-sidecars",
                    "delta_tables/v2-checkpoints-json-without-sidecars",
                    "delta_tables/v2-checkpoints-parquet-with-sidecars",
                    "delta_tables/v2-checkpoints-parquet-without-sidecars",
                    "delta_tables/v2-classic-checkpoint-json", "delta_tables/v2-classic-checkpoint-parquet",
                    "delta_golden/v2-checkpoint-json", "delta_golden/v2-checkpoint-parquet",
                    "delta_golden/checkpoint", "delta_golden/multi-part-checkpoint",
                    "delta_golden/only-checkpoint-files", "delta_golden/corrupted-last-checkpoint-kernel",
                    "delta_golden/basic-with-inserts-deletes-checkpoint"),
    [](const auto& name) {
      std::string text(name.param);
      for (char& c : text) c = c == '-' || c == '/' ? '_' : c;
      return text;
    });

}  // namespace
}  // namespace rtl::delta
