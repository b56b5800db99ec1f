#include "delta/commit_preparation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/check_actions.h"
#include "delta/commit_info.h"
#include "delta/testing_actions.h"
#include "delta/testing_store.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Actions = std::vector<Action>;

constexpr Timestamp kNow{std::chrono::milliseconds(1'700'000'000'500)};
const ReadSet kBlind;
const ReadSet kReadFiles{.scope = ReadSet::Scope::kFiles};

TableState State(std::vector<std::string> features = {}, std::map<std::string, std::string> properties = {}) {
  TableState state;
  state.version = 4;
  if (!features.empty()) state.protocol = {.min_writer_version = 7, .writer_features = std::move(features)};
  state.metadata = SomeMetadata();
  state.metadata.configuration = std::move(properties);
  state.files.Insert(SomeAdd("a"));
  return state;
}

TableState Stamped(std::int64_t previous) {
  TableState state = State({"inCommitTimestamp"}, {{"delta.enableInCommitTimestamps", "true"}});
  state.in_commit_timestamp_ms = previous;
  return state;
}

Add Struck(std::string path, std::string stats = R"({"numRecords":1})") {
  Add add = SomeAdd(path);
  add.stats = std::move(stats);
  add.deletion_vector = DeletionVectorDescriptor{.storage_type = 'i', .path_or_inline = "x"};
  return add;
}

std::string InfoOf(const Actions& actions) {
  return std::get<CommitInfo>(actions.front()).json;
}

std::string Refusal(const TableState& on, Actions actions, ErrorKind kind) {
  actions.emplace_back(InfoWith("t"));
  const auto prepared = PrepareCommit(on, kReadFiles, actions, kNow);
  if (prepared) return "prepared";
  EXPECT_EQ(prepared.error().kind(), kind) << prepared.error().message();
  return prepared.error().message();
}

TEST(PrepareCommit, CommitInfoComesFirstAndIsFilledIn) {
  Actions actions{SomeAdd("x"), SomeAdd("y"), InfoWith("t")};
  ASSERT_TRUE(PrepareCommit(State(), kBlind, actions, kNow));
  EXPECT_EQ(InfoOf(actions), R"({"timestamp":1700000000500,"operationParameters":{},"isBlindAppend":true,)"
                             R"("engineInfo":"rtloader/0.1.0","operation":"WRITE","txnId":"t"})");
  EXPECT_EQ(std::get<Add>(actions[1]).path, "x");
  EXPECT_EQ(std::get<Add>(actions[2]).path, "y");
}

TEST(PrepareCommit, WhatTheWriterSaysOfItselfStays) {
  Actions actions{CommitInfo{R"({"isBlindAppend":true, "operation" : "MINE","timestamp":1,"engineInfo":"m",
    "operationParameters":{"a":"}"},"txnId":"t","account":{"isBlindAppend":[1,{"x":"\""}]}})"},
                  SomeAdd("x")};
  ASSERT_TRUE(PrepareCommit(State(), kReadFiles, actions, kNow));
  EXPECT_EQ(InfoOf(actions), R"({"isBlindAppend":false,"operation":"MINE","timestamp":1,"engineInfo":"m",)"
                             R"("operationParameters":{"a":"}"},"txnId":"t",)"
                             R"("account":{"isBlindAppend":[1,{"x":"\""}]}})");
}

TEST(PrepareCommit, OnlyAddsThatReadNothingAreBlind) {
  const auto blind = [](const ReadSet& read, Actions actions) {
    actions.emplace_back(InfoWith("t"));
    EXPECT_TRUE(PrepareCommit(State(), read, actions, kNow));
    return IsBlindAppend(actions);
  };
  EXPECT_TRUE(blind(kBlind, {SomeAdd("x")}));
  EXPECT_TRUE(blind({.app_ids = {"app"}}, {SomeAdd("x"), Txn{.app_id = "app"}}));
  EXPECT_FALSE(blind(kReadFiles, {SomeAdd("x")}));
  EXPECT_FALSE(blind(kBlind, {SomeAdd("x"), RemoveOf(SomeAdd("a"), 1, true)}));
}

TEST(PrepareCommit, InCommitTimestampsRise) {
  const std::int64_t now = MillisSinceEpoch(kNow);
  for (const auto& [previous, expected] : {std::pair(now - 5, now), std::pair(now - 1, now),
                                           std::pair(now, now + 1), std::pair(now + 9, now + 10)}) {
    Actions actions{InfoWith("t"), SomeAdd("x")};
    ASSERT_TRUE(PrepareCommit(Stamped(previous), kBlind, actions, kNow));
    EXPECT_EQ(InCommitTimestampOf(actions), expected);
    EXPECT_THAT(InfoOf(actions), StartsWith(R"({"inCommitTimestamp":)"));
    // Again, after another commit has come first.
    ASSERT_TRUE(PrepareCommit(Stamped(expected + 7), kBlind, actions, kNow));
    EXPECT_EQ(InCommitTimestampOf(actions), expected + 8);
    EXPECT_EQ(TxnIdOf(actions), "t");
  }
}

TEST(PrepareCommit, NoTimestampWhereNoneIsAskedFor) {
  for (const TableState& on :
       {State(), State({"inCommitTimestamp"}), State({}, {{"delta.enableInCommitTimestamps", "true"}})}) {
    Actions actions{InfoWith("t"), SomeAdd("x")};
    ASSERT_TRUE(PrepareCommit(on, kBlind, actions, kNow));
    EXPECT_EQ(InCommitTimestampOf(actions), std::nullopt);
  }
  TableState unknown = Stamped(1);
  unknown.in_commit_timestamp_ms.reset();
  EXPECT_THAT(Refusal(unknown, {}, ErrorKind::kBadData), HasSubstr("version 4 tells none"));
}

TEST(PrepareCommit, AFirstCommitMayHaveTimestamps) {
  Actions actions{InfoWith("t"), Stamped(1).protocol, Stamped(1).metadata};
  ASSERT_TRUE(PrepareCommit(TableState(), kBlind, actions, kNow));
  EXPECT_EQ(InCommitTimestampOf(actions), MillisSinceEpoch(kNow));
  const TableState off = State({"inCommitTimestamp"});
  EXPECT_THAT(Refusal(off, {Stamped(1).metadata}, ErrorKind::kUnsupported), HasSubstr("switched on"));
}

// Whatever a state was read from, or however far it has come.
TEST(PrepareCommit, StatesKnowTheirTimestamp) {
  TestingStore store;
  const Table table(store, "t");
  TableState state;
  Actions first{InfoWith("t0"), Stamped(1).protocol, Stamped(1).metadata};
  for (Version version = 0; version < 4; ++version) {
    Actions actions = version == 0 ? first : Actions{InfoWith("t"), SomeAdd(fmt::format("f{}", version))};
    ASSERT_TRUE(PrepareCommit(state, kBlind, actions, kNow));
    ASSERT_EQ(table.PutCommit(version, actions), PutOutcome::kCommitted);
    ASSERT_TRUE(Advance(state, {version, kNow, actions}));
    EXPECT_EQ(state.in_commit_timestamp_ms, MillisSinceEpoch(kNow) + version);
    EXPECT_EQ(table.Load()->in_commit_timestamp_ms, state.in_commit_timestamp_ms);
  }
  ASSERT_TRUE(table.WriteCheckpoint(3));
  EXPECT_EQ(table.Load()->in_commit_timestamp_ms, state.in_commit_timestamp_ms);
  EXPECT_EQ(table.Load(2)->in_commit_timestamp_ms, MillisSinceEpoch(kNow) + 2);
}

TEST(PrepareCommit, DeletionVectors) {
  const Remove whole = RemoveOf(SomeAdd("a"), 1, true);
  const TableState takes = State({"deletionVectors"}, {{"delta.enableDeletionVectors", "true"}});
  EXPECT_EQ(Refusal(takes, {whole, Struck("a")}, ErrorKind::kInternal), "prepared");
  EXPECT_THAT(Refusal(takes, {whole, Struck("a", R"({"nullCount":{}})")}, ErrorKind::kBadData),
              HasSubstr("no numRecords"));
  EXPECT_THAT(Refusal(State({"deletionVectors"}), {whole, Struck("a")}, ErrorKind::kUnsupported),
              HasSubstr("takes no new deletion vectors"));
  // One that is there may be told of anew.
  TableState had = State({"deletionVectors"});
  had.files.Insert(Struck("a"));
  EXPECT_EQ(Refusal(had, {Struck("a")}, ErrorKind::kInternal), "prepared");
}

TEST(PrepareCommit, PartsOfFilesChangeWithChangeData) {
  const TableState feed =
      State({"deletionVectors", "changeDataFeed"},
            {{"delta.enableDeletionVectors", "true"}, {"delta.enableChangeDataFeed", "true"}});
  const Remove whole = RemoveOf(SomeAdd("a"), 1, true);
  EXPECT_THAT(Refusal(feed, {whole, Struck("a")}, ErrorKind::kUnsupported), HasSubstr("without change data"));
  EXPECT_EQ(Refusal(feed, {whole, Struck("a"), AddCdc{.path = "_change_data/c"}}, ErrorKind::kInternal),
            "prepared");
  EXPECT_EQ(Refusal(feed, {whole, SomeAdd("b")}, ErrorKind::kInternal), "prepared");  // the implied form
}

TEST(PrepareCommit, ValuesInNotNullColumns) {
  TableState on = State();
  on.metadata.schema.fields[0].nullable = false;
  const auto with = [&](std::string stats, bool data_change = true) {
    Add add = SomeAdd("x");
    add.stats = std::move(stats);
    add.data_change = data_change;
    return Refusal(on, {add}, ErrorKind::kBadData);
  };
  EXPECT_EQ(with(R"({"numRecords":2,"nullCount":{"wid":0,"n":1}})"), "prepared");
  EXPECT_EQ(with(R"({"numRecords":0,"nullCount":{}})"), "prepared");
  EXPECT_THAT(with(R"({"numRecords":2,"nullCount":{"wid":1}})"), HasSubstr("file x: column wid is NOT NULL"));
  EXPECT_THAT(with(R"({"numRecords":2,"nullCount":{"n":0}})"), HasSubstr("column wid"));
  EXPECT_THAT(with(""), HasSubstr("column wid"));
  EXPECT_THAT(with("[]"), HasSubstr("no JSON object"));
  EXPECT_EQ(with(R"({"numRecords":2,"nullCount":{"wid":1}})", false), "prepared");
  // Statistics have the names that data files have.
  on.protocol = {.min_reader_version = 2, .min_writer_version = 5};
  on.metadata.configuration["delta.columnMapping.mode"] = "name";
  on.metadata.schema.fields[0].metadata =
      R"({"delta.columnMapping.id":1,"delta.columnMapping.physicalName":"col-1"})";
  on.metadata.schema.fields[1].metadata =
      R"({"delta.columnMapping.id":2,"delta.columnMapping.physicalName":"wid"})";
  EXPECT_THAT(with(R"({"numRecords":2,"nullCount":{"wid":0}})"), HasSubstr("column wid is NOT NULL"));
  EXPECT_EQ(with(R"({"numRecords":2,"nullCount":{"col-1":0}})"), "prepared");
}

TEST(PrepareCommit, PartitionValues) {
  TableState on = State();
  EXPECT_THAT(Refusal(on, {Add{.path = "x", .partition_values = {{"n", "1"}}}}, ErrorKind::kBadData),
              HasSubstr("not partitioned by"));
  on.metadata.partition_columns = {"n"};
  EXPECT_THAT(Refusal(on, {SomeAdd("x")}, ErrorKind::kBadData), HasSubstr("partition column n"));
  EXPECT_EQ(Refusal(on, {Add{.path = "x", .partition_values = {{"n", std::nullopt}}}}, ErrorKind::kBadData),
            "prepared");
}

TEST(PrepareCommit, TheTableMustStayOneThatIsWritten) {
  Metadata constrained = SomeMetadata();
  constrained.configuration["delta.constraints.a"] = "n > 0";
  EXPECT_THAT(Refusal(State({"checkConstraints"}), {constrained}, ErrorKind::kUnsupported),
              HasSubstr("checkConstraints"));
  Metadata other = SomeMetadata();
  other.id = "other";
  EXPECT_THAT(Refusal(State(), {other}, ErrorKind::kBadData), HasSubstr("table's id"));
  const TableState on = State({"appendOnly", "invariants"});
  const auto upgrade = [](std::vector<std::string> reader, std::vector<std::string> writer) {
    return Protocol{.min_reader_version = reader.empty() ? 1 : 3,
                    .min_writer_version = 7,
                    .reader_features = std::move(reader),
                    .writer_features = std::move(writer)};
  };
  EXPECT_EQ(Refusal(on, {upgrade({}, {"appendOnly", "invariants", "domainMetadata"})}, ErrorKind::kBadData),
            "prepared");
  EXPECT_THAT(Refusal(on, {upgrade({}, {"appendOnly"})}, ErrorKind::kBadData), HasSubstr("loses a feature"));
  EXPECT_THAT(Refusal(on, {Protocol{}}, ErrorKind::kBadData), HasSubstr("go back"));
  EXPECT_THAT(Refusal(on, {upgrade({"timestampNtz"}, {"appendOnly", "invariants"})}, ErrorKind::kBadData),
              HasSubstr("readers alone"));
}

TEST(PrepareCommit, DomainsNeedTheirFeature) {
  const DomainMetadata domain{.domain = "mine", .configuration = "{}"};
  EXPECT_EQ(Refusal(State({"domainMetadata"}), {domain}, ErrorKind::kInternal), "prepared");
  EXPECT_THAT(Refusal(State(), {domain}, ErrorKind::kUnsupported), HasSubstr("domainMetadata"));
}

TEST(PrepareCommit, AppendOnlyAndIdentity) {
  const TableState on = State({}, {{"delta.appendOnly", "true"}});
  EXPECT_THAT(Refusal(on, {RemoveOf(SomeAdd("a"), 1, true)}, ErrorKind::kUnsupported),
              HasSubstr("append-only"));
  Actions nameless{SomeAdd("x")};
  const auto prepared = PrepareCommit(State(), kBlind, nameless, kNow);
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().kind(), ErrorKind::kInternal);
}

}  // namespace
}  // namespace rtl::delta
