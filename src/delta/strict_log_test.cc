// Logs that contradict the protocol, and hints that lead astray.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/json_checksum.h"
#include "delta/log_names.h"
#include "delta/table.h"
#include "delta/testing_actions.h"
#include "delta/testing_corpora.h"
#include "delta/testing_store.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;

std::string Key(std::string_view name) {
  return fmt::format("t/_delta_log/{}", name);
}

class StrictLog : public testing::Test {
 protected:
  void MakeTable(Version last) {
    Put(0, {Protocol{}, SomeMetadata()});
    for (Version version = 1; version <= last; ++version)
      Put(version, {SomeAdd(fmt::format("f{}", version))});
  }
  void Put(Version version, std::vector<Action> actions) {
    actions.push_back(InfoWith(fmt::format("txn-{}", version)));
    ASSERT_EQ(table_.PutCommit(version, actions), PutOutcome::kCommitted);
  }
  void PutRaw(Version version, std::string_view lines) {
    ASSERT_TRUE(store_.Put(Key(CommitName(version)), lines));
  }
  // "files N" of the newest version, or the error.
  std::string Load() {
    const auto state = table_.Load();
    if (!state && state.error().kind() != ErrorKind::kBadData) return "of another kind";
    return state ? fmt::format("files {}", state->files.size()) : state.error().message();
  }
  void Hint(std::string_view json) { ASSERT_TRUE(store_.Put(Key("_last_checkpoint"), json)); }

  TestingStore store_;
  FixedClock clock_{0};
  Table table_{store_, "t", clock_};
};

TEST_F(StrictLog, AGapAfterACheckpoint) {
  MakeTable(6);
  ASSERT_TRUE(table_.WriteCheckpoint(3));
  ASSERT_TRUE(store_.Delete(Key(CommitName(2))));
  EXPECT_EQ(Load(), "files 6") << "what lies before a checkpoint may go";
  ASSERT_TRUE(store_.Delete(Key(CommitName(4))));
  EXPECT_THAT(Load(), HasSubstr("the log has no commit 4, though version 6 exists"));
}

TEST_F(StrictLog, ALogThatBeginsLate) {
  MakeTable(3);
  ASSERT_TRUE(store_.Delete(Key(CommitName(0))));
  EXPECT_THAT(Load(), HasSubstr("no commit 0"));
}

// Protocol, "Checkpoints": one is made only of a version that was committed.
TEST_F(StrictLog, ACheckpointOfAVersionToCome) {
  MakeTable(3);
  ASSERT_TRUE(table_.WriteCheckpoint(3));
  ASSERT_TRUE(store_.Put(Key(CheckpointName(9)), store_.Get(Key(CheckpointName(3)), {})->bytes));
  EXPECT_THAT(Load(), HasSubstr("a checkpoint of version 9, but the newest commit is 3"));
  Hint(R"({"version":9,"size":3})");
  EXPECT_THAT(Load(), HasSubstr("a checkpoint of version 9, but the newest commit is 3"));
  EXPECT_EQ(table_.Load(3)->files.size(), 3U);
}

TEST_F(StrictLog, ACheckpointAlone) {
  MakeTable(3);
  ASSERT_TRUE(table_.WriteCheckpoint(3));
  for (Version version = 0; version <= 3; ++version) ASSERT_TRUE(store_.Delete(Key(CommitName(version))));
  EXPECT_EQ(Load(), "files 3");
  ASSERT_TRUE(store_.Delete(Key("_last_checkpoint")));
  EXPECT_EQ(Load(), "files 3");
}

TEST_F(StrictLog, ContradictionsWithinACommit) {
  MakeTable(1);
  const auto add = [](std::string_view vector) {
    return fmt::format(
        R"({{"add":{{"path":"p","partitionValues":{{}},"size":1,"modificationTime":1,"dataChange":true{}}}}})"
        "\n",
        vector.empty()
            ? ""
            : fmt::format(
                  R"(,"deletionVector":{{"storageType":"u","pathOrInlineDv":"{}","sizeInBytes":4,"cardinality":1}})",
                  vector));
  };
  const std::string remove = R"({"remove":{"path":"p","deletionTimestamp":1,"dataChange":true}})"
                             "\n";
  const std::string name = CommitName(2);
  PutRaw(2, add("") + add(""));
  EXPECT_THAT(Load(), testing::AllOf(HasSubstr(name), HasSubstr("two actions for file p")));
  PutRaw(2, add("") + remove);
  EXPECT_THAT(Load(), testing::AllOf(HasSubstr(name), HasSubstr("two actions for file p")));
  PutRaw(2, add("v") + add("w"));
  EXPECT_THAT(Load(), testing::AllOf(HasSubstr(name), HasSubstr("two add actions for file p")));
  PutRaw(2, add("v") + remove);
  EXPECT_EQ(Load(), "files 2") << "another logical file of the same data file";
  for (const auto* twice : {R"({"txn":{"appId":"app","version":1}})",
                            R"({"domainMetadata":{"domain":"d","configuration":"","removed":false}})",
                            R"({"protocol":{"minReaderVersion":1,"minWriterVersion":2}})"}) {
    PutRaw(2, fmt::format("{}\n{}\n", twice, twice));
    EXPECT_THAT(Load(), testing::AllOf(HasSubstr(name), HasSubstr("in one commit")));
  }
}

TEST_F(StrictLog, AFileThatIsActiveTwice) {
  MakeTable(1);
  Add other = SomeAdd("f1");
  other.deletion_vector =
      DeletionVectorDescriptor{.path_or_inline = "v", .size_in_bytes = 4, .cardinality = 1};
  Put(2, {other});
  EXPECT_THAT(Load(), HasSubstr("data file f1 is active twice"));
}

TEST_F(StrictLog, HintsThatMakeNoSenseAreLeftAside) {
  MakeTable(4);
  ASSERT_TRUE(table_.WriteCheckpoint(2));
  for (const auto* hint : {"", "{", "[]", "null", R"({"version":-1})", R"({"version":"2"})", R"({"size":2})",
                           R"({"version":900})", R"({"version":4})", R"({"version":0})",
                           R"({"version":99999999999999999999})", R"({"version":2,"checksum":7})"}) {
    Hint(hint);
    EXPECT_EQ(Load(), "files 4") << hint;
  }
}

// Protocol: "JSON checksum". A hint that was cut or patched is as good as none.
TEST_F(StrictLog, AHintMustHaveTheChecksumItSays) {
  MakeTable(4);
  ASSERT_TRUE(table_.WriteCheckpoint(2));
  const std::string fields = R"("version":2,"size":4)";
  const auto checksum = JsonChecksum("{" + fields + "}");
  const auto listed_with = [&](std::string_view sum) {
    Hint(fmt::format(R"({{{},"checksum":"{}"}})", fields, sum));
    store_.listed = 0;
    EXPECT_EQ(Load(), "files 4");
    return store_.listed;
  };
  const std::size_t all = listed_with("00000000000000000000000000000000");
  EXPECT_LT(listed_with(**checksum), all);
}

class RefusedTables : public testing::TestWithParam<const char*> {};

TEST_P(RefusedTables, WithAReason) {
  RTL_NEED_PACKED_CORPUS(corpus, std::string("delta_golden/") + GetParam());
  TestingStore store;
  store.ReadFolder(corpus.folder());
  const auto state = Table(store, "").Load();
  ASSERT_FALSE(state);
  EXPECT_FALSE(state.error().message().empty());
}

INSTANTIATE_TEST_SUITE_P(Golden, RefusedTables,
                         testing::Values("deltalog-invalid-protocol-version",
                                         "deltalog-state-reconstruction-from-checkpoint-missing-metadata",
                                         "deltalog-state-reconstruction-from-checkpoint-missing-protocol",
                                         "deltalog-state-reconstruction-without-metadata",
                                         "deltalog-state-reconstruction-without-protocol",
                                         "no-delta-log-folder", "versions-not-contiguous"));

}  // namespace
}  // namespace rtl::delta
