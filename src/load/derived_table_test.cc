#include "load/derived_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/uuid.h"
#include "delta/commit_preparation.h"
#include "load/loader_under_test.h"

namespace rtl::load {
namespace {

using testing::ElementsAre;
using Actions = std::vector<delta::Action>;

delta::Add AddOf(std::string path) {
  return {.path = std::move(path), .size = 1, .stats = R"({"numRecords":1,"nullCount":{"a":0}})"};
}

delta::CommitInfo Info(bool blind) {
  return {fmt::format(R"({{"txnId":"{}","isBlindAppend":{}}})", NewUuid(), blind)};
}

class DerivedTableTest : public testing::Test {
 protected:
  void SetUp() override {
    delta::Metadata metadata;
    metadata.id = "t";
    metadata.schema.fields = {{"a", "string"}};
    Begin(delta::Protocol{}, metadata, {});
  }

  void Begin(delta::Protocol protocol, delta::Metadata metadata, std::optional<delta::Add> file) {
    metadata_ = metadata;
    tables_ = std::make_unique<store::MemoryStore>();
    Actions first{Info(false), std::move(protocol), std::move(metadata)};
    if (file) first.emplace_back(*file);
    ASSERT_TRUE(delta::PrepareCommit(delta::TableState(), {}, first, clock_.Now()));
    ASSERT_EQ(delta::Table(*tables_, "t").PutCommit(0, first), delta::PutOutcome::kCommitted);
  }

  // Absorbs up to version 7 with `content`, while another writer puts each of `others` just before our first
  // attempts. Returns how often the content was made, and leaves the table's newest state.
  int AbsorbBeside(std::vector<Actions> others,
                   const std::function<Actions(const delta::TableState&)>& content) {
    const delta::Table table(*tables_, "t");
    DerivedTable derived(table, *table.Load(), "app", clock_);
    int made = 0;
    ranges_.clear();
    const auto done = derived.Absorb(
        7, [&](const delta::TableState& state, DeriveRange range) -> Result<std::vector<delta::Action>> {
          ++made;
          ranges_.push_back(range.after);
          delta::Version next = table.Load()->version;
          for (const Actions& other : std::exchange(others, {})) {
            EXPECT_EQ(table.PutCommit(++next, other), delta::PutOutcome::kCommitted);
          }
          return content(state);
        });
    EXPECT_TRUE(done) << done.error().message();
    EXPECT_EQ(derived.absorbed(), 7);
    state_ = *table.Load();
    return made;
  }

  std::vector<std::string> Files() const {
    std::vector<std::string> paths;
    for (const delta::Add& add : state_.files.Sorted()) paths.push_back(add.path);
    return paths;
  }

  SleeplessClock clock_;
  delta::Metadata metadata_;
  std::unique_ptr<store::MemoryStore> tables_;
  delta::TableState state_;
  std::vector<Version> ranges_;
};

TEST_F(DerivedTableTest, AppendsOfOthersDoNotDisturb) {
  const int made = AbsorbBeside({{Info(true), AddOf("x")}, {Info(false), AddOf("y")}},
                                [](const delta::TableState&) { return Actions{AddOf("ours")}; });
  EXPECT_EQ(made, 1);
  EXPECT_THAT(Files(), ElementsAre("ours", "x", "y"));
  EXPECT_EQ(state_.version, 3);
  EXPECT_TRUE(delta::IsBlindAppend(delta::Table(*tables_, "t").ReadCommit(3)->actions));
}

TEST_F(DerivedTableTest, OneThatAbsorbedFirstDoes) {
  const Actions theirs{Info(true), delta::Txn{.app_id = "app", .version = 7}, AddOf("theirs")};
  const int made = AbsorbBeside({theirs}, [](const delta::TableState&) { return Actions{AddOf("ours")}; });
  EXPECT_EQ(made, 1);  // nothing was left to absorb
  EXPECT_THAT(Files(), ElementsAre("theirs"));
  EXPECT_EQ(state_.version, 1);
}

TEST_F(DerivedTableTest, OneThatAbsorbedInPartLeavesTheRest) {
  const Actions theirs{Info(true), delta::Txn{.app_id = "app", .version = 4}, AddOf("theirs")};
  const int made = AbsorbBeside({theirs}, [](const delta::TableState& state) {
    return Actions{AddOf(fmt::format("ours-{}", state.version))};
  });
  EXPECT_EQ(made, 2);
  EXPECT_THAT(ranges_, ElementsAre(-1, 4));
  EXPECT_THAT(Files(), ElementsAre("ours-1", "theirs"));
}

TEST_F(DerivedTableTest, ARewriteIsMadeAnewWhenItsFileIsGone) {
  Begin(delta::Protocol{}, metadata_, AddOf("bucket"));
  const auto rewrite = [](const delta::TableState& state) {
    Actions actions;
    for (const delta::Add& add : state.files.Sorted()) {
      if (add.path.starts_with("bucket")) actions.emplace_back(delta::RemoveOf(add, 1, true));
    }
    actions.emplace_back(AddOf(fmt::format("new-{}", state.version)));
    return actions;
  };
  delta::Add moved = AddOf("bucket-2");
  moved.data_change = false;
  EXPECT_EQ(AbsorbBeside({{Info(false), delta::RemoveOf(AddOf("bucket"), 1, false), moved}}, rewrite), 2);
  EXPECT_THAT(Files(), ElementsAre("new-1"));
  // A file that was not read may go.
  Begin(delta::Protocol{}, metadata_, AddOf("bucket"));
  EXPECT_EQ(
      AbsorbBeside({{Info(true), AddOf("x")}, {Info(false), delta::RemoveOf(AddOf("x"), 1, true)}}, rewrite),
      1);
  EXPECT_THAT(Files(), ElementsAre("new-0"));
}

TEST_F(DerivedTableTest, ColumnsOfOthers) {
  delta::Metadata theirs = metadata_;
  theirs.schema.fields.push_back({"b", "string"});
  const auto append = [](const delta::TableState&) { return Actions{AddOf("ours")}; };
  EXPECT_EQ(AbsorbBeside({{Info(false), theirs}}, append), 1);
  EXPECT_EQ(state_.metadata.schema.fields.size(), 2U);
  // Who adds columns as well looks again.
  SetUp();
  const auto widen = [](const delta::TableState& state) {
    delta::Metadata wider = state.metadata;
    wider.schema.fields.push_back({"c", "string"});
    return Actions{std::move(wider), AddOf("ours")};
  };
  EXPECT_EQ(AbsorbBeside({{Info(false), theirs}}, widen), 2);
  EXPECT_EQ(state_.metadata.schema.fields.size(), 3U);
}

TEST_F(DerivedTableTest, TimestampsRiseAlsoBehindOthers) {
  delta::Metadata metadata = metadata_;
  metadata.configuration["delta.enableInCommitTimestamps"] = "true";
  Begin({.min_reader_version = 1, .min_writer_version = 7, .writer_features = {"inCommitTimestamp"}},
        metadata, std::nullopt);
  constexpr std::int64_t kFar = 9'000'000'000'000;
  const Actions theirs{delta::CommitInfo{fmt::format(R"({{"txnId":"x","inCommitTimestamp":{}}})", kFar)},
                       AddOf("x")};
  EXPECT_EQ(AbsorbBeside({theirs}, [](const delta::TableState&) { return Actions{AddOf("ours")}; }), 1);
  EXPECT_EQ(state_.in_commit_timestamp_ms, kFar + 1);
}

}  // namespace
}  // namespace rtl::load
