#include "delta/conflict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/metadata_change.h"
#include "delta/testing_actions.h"

namespace rtl::delta {
namespace {

using testing::HasSubstr;
using Actions = std::vector<Action>;
using Scope = ReadSet::Scope;

CommitInfo Info(bool blind) {
  return {fmt::format(R"({{"txnId":"t","isBlindAppend":{}}})", blind)};
}
Add Moved(std::string_view path) {
  Add add = SomeAdd(path);
  add.data_change = false;
  return add;
}
Remove Gone(std::string_view path, bool data_change = true) {
  return RemoveOf(SomeAdd(path), 1, data_change);
}
Add Struck(std::string_view path) {
  Add add = SomeAdd(path);
  add.deletion_vector = DeletionVectorDescriptor{.storage_type = 'i', .path_or_inline = "x"};
  return add;
}
Metadata Wider(Metadata metadata = SomeMetadata()) {
  metadata.schema.fields.push_back({.name = "more", .type = "string"});
  return metadata;
}
Metadata With(std::string key, std::string value) {
  Metadata metadata = SomeMetadata();
  metadata.configuration[std::move(key)] = std::move(value);
  return metadata;
}

struct Ours {
  const char* name;
  ReadSet read;
  Actions actions;
};

// Transactions on a table of files a, b and c.
std::vector<Ours> OurTransactions() {
  const ReadSet nothing;
  const ReadSet file_a{.scope = Scope::kFiles, .files = {"a"}};
  const ReadSet table{.scope = Scope::kTable};
  const ReadSet txn{.scope = Scope::kNothing, .app_ids = {"app"}};
  return {
      {"blind append", nothing, {Info(true), SomeAdd("new")}},
      {"append of what the table says", table, {Info(false), SomeAdd("new")}},
      {"replace", file_a, {Info(false), Gone("a"), SomeAdd("new")}},
      {"replace of no rows", {.scope = Scope::kFiles}, {Info(false), SomeAdd("new")}},
      {"retag", file_a, {Info(false), Moved("a")}},
      {"strike out", file_a, {Info(false), Gone("a"), Struck("a")}},
      {"update", table, {Info(false), Gone("a"), SomeAdd("new")}},
      {"optimize", file_a, {Info(false), Gone("a", false), Moved("new")}},
      {"optimize of all", table, {Info(false), Gone("a", false), Moved("new")}},
      {"derived append", txn, {Info(true), Txn{.app_id = "app", .version = 7}, SomeAdd("new")}},
      {"widen", file_a, {Info(false), Wider(), Gone("a"), SomeAdd("new")}},
      {"domain", nothing, {Info(false), DomainMetadata{.domain = "d"}}},
  };
}

struct Winner {
  const char* name;
  Actions actions;
};

std::vector<Winner> Winners(const Metadata& metadata) {
  return {
      {"blind insert", {Info(true), SomeAdd("x")}},
      {"insert that read", {Info(false), SomeAdd("x")}},
      {"delete a", {Info(false), Gone("a")}},
      {"delete b", {Info(false), Gone("b")}},
      {"update a", {Info(false), Gone("a"), SomeAdd("x")}},
      {"update b", {Info(false), Gone("b"), SomeAdd("x")}},
      {"strike out in a", {Info(false), Gone("a"), Struck("a")}},
      {"strike out in b", {Info(false), Gone("b"), Struck("b")}},
      {"optimize a", {Info(false), Gone("a", false), Moved("x")}},
      {"optimize b", {Info(false), Gone("b", false), Moved("x")}},
      {"retag a", {Info(false), Moved("a")}},
      {"add column", {Info(false), Wider(metadata)}},
      {"txn app", {Info(true), Txn{.app_id = "app", .version = 7}, SomeAdd("x")}},
      {"txn other", {Info(true), Txn{.app_id = "other", .version = 7}, SomeAdd("x")}},
      {"domain d", {Info(false), DomainMetadata{.domain = "d"}}},
      {"domain e", {Info(false), DomainMetadata{.domain = "e"}}},
      {"vacuum end", {Info(false)}},
  };
}

std::string Short(const std::vector<Conflict>& conflicts) {
  constexpr const char* kNames[] = {"P", "M", "T", "D", "dd", "dr", "ap"};
  return conflicts.empty() ? "-" : kNames[static_cast<int>(conflicts.front().kind)];
}

std::string Row(const Ours& ours, const Metadata& metadata) {
  std::string row;
  for (const Winner& winner : Winners(metadata)) {
    const Transaction transaction{ours.read, ours.actions, Protocol{}, metadata};
    row += Short(FindConflicts(transaction, winner.actions)) + " ";
  }
  row.pop_back();
  return row;
}

// Columns in the order of Winners(). dd ConcurrentDeleteDelete, dr ConcurrentDeleteRead, ap ConcurrentAppend,
// M MetadataChanged, T ConcurrentTransaction, D ConcurrentDomain.
TEST(Conflict, EveryPairUnderWriteSerializable) {
  //                  insert    delete  update  strike  optim.  re  add txn     domain  none
  //                  blind not a   b   a   b   a   b   a   b   tag col app oth d   e
  const std::map<std::string, std::string> expected{
      {"blind append", "- - - - - - - - - - - - - - - - -"},
      {"append of what the table says", "- ap dr dr dr dr dr dr dr dr - - - - - - -"},
      {"replace", "- - dd - dd - dd - dd - - - - - - - -"},
      {"replace of no rows", "- - - - - - - - - - - - - - - - -"},
      {"retag", "- - dr - dr - dr - dr - ap - - - - - -"},
      {"strike out", "- - dd - dd - dd - dd - ap - - - - - -"},
      {"update", "- ap dd dr dd dr dd dr dd dr - - - - - - -"},
      {"optimize", "- - dd - dd - dd - dd - - - - - - - -"},
      {"optimize of all", "- - dd dr dd dr dd dr dd dr - - - - - - -"},
      {"derived append", "- - - - - - - - - - - - T - - - -"},
      {"widen", "- - dd - dd - dd - dd - - M - - - - -"},
      {"domain", "- - - - - - - - - - - - - - D - -"},
  };
  for (const Ours& ours : OurTransactions()) {
    EXPECT_EQ(Row(ours, SomeMetadata()), expected.at(ours.name)) << ours.name;
  }
}

// Only those who chose from the whole table by what is in it see another order of blind appends.
TEST(Conflict, BlindAppendsCountWhereVersionsMustBeSerial) {
  const Metadata serializable = With("delta.isolationLevel", "Serializable");
  for (const Ours& ours : OurTransactions()) {
    const std::string loose = Row(ours, SomeMetadata());
    const std::string strict = Row(ours, serializable);
    const bool chose_rows =
        ours.name == std::string("append of what the table says") || ours.name == std::string("update");
    if (chose_rows) {
      EXPECT_TRUE(strict.starts_with("ap ap ")) << ours.name;
    } else {
      EXPECT_EQ(strict, loose) << ours.name;
    }
  }
}

TEST(Conflict, ABlindAppendMustLookLikeOne) {
  EXPECT_TRUE(IsBlindAppend(Actions{Info(true), SomeAdd("x")}));
  EXPECT_FALSE(IsBlindAppend(Actions{Info(true), SomeAdd("x"), Gone("a")}));
  EXPECT_FALSE(IsBlindAppend(Actions{Info(false), SomeAdd("x")}));
  EXPECT_FALSE(IsBlindAppend(Actions{InfoWith("t"), SomeAdd("x")}));
  EXPECT_FALSE(IsBlindAppend(Actions{SomeAdd("x")}));
  EXPECT_FALSE(IsBlindAppend(Actions{CommitInfo{"no json"}, SomeAdd("x")}));
  EXPECT_FALSE(IsBlindAppend(Actions{CommitInfo{R"({"isBlindAppend":"true"})"}, SomeAdd("x")}));
}

TEST(Conflict, WhoWidensTheTableSeesBlindAppends) {
  const ReadSet table{.scope = Scope::kTable};
  const Actions ours{Info(false), Wider(), SomeAdd("new")};
  const Metadata metadata = SomeMetadata();
  const auto conflicts =
      FindConflicts({table, ours, Protocol{}, metadata}, Actions{Info(true), SomeAdd("x")});
  EXPECT_EQ(Short(conflicts), "ap");
}

TEST(Conflict, PathsAreTheSameHoweverSpelled) {
  const ReadSet read{.scope = Scope::kFiles, .files = {"/t/a"}};
  const Actions ours{Info(false), SomeAdd("new")};
  const Metadata metadata = SomeMetadata();
  const auto conflicts = FindConflicts({read, ours, Protocol{}, metadata}, Actions{Gone("file:/t/a")});
  EXPECT_EQ(Short(conflicts), "dr");
}

TEST(Conflict, EachConflictNamesItsObject) {
  const ReadSet read{.scope = Scope::kFiles, .files = {"a", "b"}};
  const Actions ours{Info(false), Gone("a"), Txn{.app_id = "app", .version = 1}};
  const Metadata metadata = SomeMetadata();
  const Actions winner{Info(false), Gone("b"), Gone("a"), Txn{.app_id = "app", .version = 1}};
  const auto conflicts = FindConflicts({read, ours, Protocol{}, metadata}, winner);
  std::vector<std::string> texts;
  for (const Conflict& conflict : conflicts) texts.push_back(ToString(conflict));
  EXPECT_THAT(texts, testing::ElementsAre("ConcurrentTransaction: another writer has advanced app id app",
                                          "ConcurrentDeleteDelete: a was removed by another writer",
                                          "ConcurrentDeleteRead: b was removed by another writer"));
}

TEST(Conflict, ProtocolUpgrades) {
  const ReadSet nothing;
  const Metadata metadata = SomeMetadata();
  const Actions append{Info(true), SomeAdd("new")};
  const Actions upgrade{Info(false),
                        Protocol{.min_writer_version = 7, .writer_features = {"domainMetadata"}}};
  const Actions unknown{Info(false), Protocol{.min_writer_version = 7, .writer_features = {"newThing"}}};
  EXPECT_EQ(Short(FindConflicts({nothing, append, Protocol{}, metadata}, upgrade)), "-");
  const auto refused = FindConflicts({nothing, append, Protocol{}, metadata}, unknown);
  ASSERT_EQ(Short(refused), "P");
  EXPECT_THAT(refused.front().what, HasSubstr("newThing"));
  EXPECT_EQ(Short(FindConflicts({nothing, upgrade, Protocol{}, metadata}, upgrade)), "P");
  // A constraint binds once its feature is there, in the same commit or before.
  const Metadata constrained = With("delta.constraints.a", "n > 0");
  const Actions constrain{Info(false), constrained};
  EXPECT_EQ(Short(FindConflicts({nothing, append, Protocol{.min_writer_version = 3}, metadata}, constrain)),
            "M");
}

TEST(Conflict, MetadataThatBindsDataFiles) {
  const ReadSet nothing;
  const Metadata before = SomeMetadata();
  const Actions append{Info(true), SomeAdd("new")};
  const auto verdict = [&](const Metadata& after) {
    const auto conflicts = FindConflicts({nothing, append, Protocol{}, before}, Actions{Info(false), after});
    return conflicts.empty() ? "-" : conflicts.front().what;
  };
  EXPECT_EQ(verdict(Wider()), "-");
  EXPECT_EQ(verdict(With("delta.logRetentionDuration", "interval 1 day")), "-");
  EXPECT_EQ(verdict(With("delta.checkpointInterval", "3")), "-");
  EXPECT_EQ(verdict(With("somebody.else", "x")), "-");
  EXPECT_EQ(verdict(With("delta.appendOnly", "true")), "delta.appendOnly");
  EXPECT_EQ(verdict(With("delta.isolationLevel", "Serializable")), "delta.isolationLevel");
  EXPECT_EQ(verdict(With("delta.thingOfTheFuture", "1")), "delta.thingOfTheFuture");
  const auto changed = [&](const auto& change) {
    Metadata after = before;
    change(after);
    return verdict(after);
  };
  EXPECT_EQ(changed([](Metadata& m) { m.schema.fields.pop_back(); }), "column n");
  EXPECT_EQ(changed([](Metadata& m) { m.schema.fields[0].name = "renamed"; }), "column wid");
  EXPECT_EQ(changed([](Metadata& m) { m.schema.fields[1].type = "double"; }), "column n");
  EXPECT_EQ(changed([](Metadata& m) { m.schema.fields[1].nullable = false; }), "column n");
  EXPECT_EQ(changed([](Metadata& m) { m.schema.fields[0].metadata = R"({"delta.columnMapping.id":1})"; }),
            "column wid");
  EXPECT_EQ(changed([](Metadata& m) {
              m.schema.fields.push_back({.name = "x", .type = "string", .nullable = false});
            }),
            "column x");
  EXPECT_EQ(changed([](Metadata& m) { m.partition_columns = {"wid"}; }), "the partition columns");
  EXPECT_EQ(changed([](Metadata& m) { m.id = "another"; }), "the table's id");
  EXPECT_EQ(changed([](Metadata& m) { std::swap(m.schema.fields[0], m.schema.fields[1]); }), "-");
  Metadata required = before;
  required.schema.fields[0].nullable = false;
  EXPECT_EQ(FirstBindingChange(required, before), "");
}

TEST(MetadataChange, WhatMayNotFollow) {
  const Metadata before = With("delta.columnMapping.maxColumnId", "4");
  const auto refusal = [&](const auto& change) -> std::string {
    Metadata after = before;
    change(after);
    const auto checked = CheckMayFollow(before, after);
    return checked ? "" : checked.error().message();
  };
  EXPECT_EQ(refusal([](Metadata& m) { m.configuration["delta.columnMapping.maxColumnId"] = "5"; }), "");
  EXPECT_THAT(refusal([](Metadata& m) { m.configuration["delta.columnMapping.maxColumnId"] = "3"; }),
              HasSubstr("goes back from 4"));
  EXPECT_THAT(refusal([](Metadata& m) { m.configuration.clear(); }), HasSubstr("goes back from 4"));
  EXPECT_THAT(refusal([](Metadata& m) { m.id = "x"; }), HasSubstr("table's id"));
  EXPECT_THAT(refusal([](Metadata& m) { m.schema.fields.clear(); }), HasSubstr("without columns"));
  EXPECT_THAT(refusal([](Metadata& m) { m.partition_columns = {"day"}; }), HasSubstr("partition column day"));
}

}  // namespace
}  // namespace rtl::delta
