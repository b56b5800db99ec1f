// For every i: the i-th operation of a store fails before it took effect, after it, or its reply is lost,
// with the process dying there or living on; then a clean restart and sync. The tables must be right, with
// nothing in them twice. A test program names its cases with INSTANTIATE_TEST_SUITE_P(..., CrashLoop, ...).
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "load/loader_under_test.h"
#include "store/faulty_store.h"

namespace rtl::load {
using Counts = std::map<std::pair<std::string, std::string>, int>;

struct Scenario {
  std::string name;
  std::function<void(store::ObjectStore& source, store::ObjectStore& tables)> before;  // undisturbed
  std::function<void(store::ObjectStore& source)> change;                              // then the faulty sync
  Counts expected;
};

inline void Put(store::ObjectStore& store, const std::string& key, const std::string& text) {
  ASSERT_TRUE(store.Put(key, text).has_value());
}

inline const std::vector<Scenario>& Scenarios() {
  static const std::vector<Scenario> scenarios = {
      {"FirstSync",
       [](store::ObjectStore&, store::ObjectStore&) {},
       [](store::ObjectStore& source) {
         Put(source, "a", Lines(3, "1"));
         Put(source, "b", Lines(2, "1") + "bad line\n");
       },
       {{{"a", "1"}, 3}, {{"b", "1"}, 2}}},
      {"ReplaceDeleteAddHoldRetag",
       [](store::ObjectStore& source, store::ObjectStore& tables) {
         for (const char* key : {"gone", "held", "replaced", "same"}) Put(source, key, Lines(2, "1"));
         ASSERT_TRUE(SyncOnce(source, tables).has_value());
       },
       [](store::ObjectStore& source) {
         ASSERT_TRUE(source.Delete("gone").has_value());
         Put(source, "held", "bad\nbad\nbad\n");
         Put(source, "replaced", "{\"n\": \"0\", \"gen\": \"2\", \"new_column\": 1}\n");
         Put(source, "same", Lines(2, "1"));
         Put(source, "added", Lines(1, "1"));
       },
       {{{"held", "1"}, 2}, {{"replaced", "2"}, 1}, {{"same", "1"}, 2}, {{"added", "1"}, 1}}},
      {"CheckpointDue",
       [](store::ObjectStore& source, store::ObjectStore& tables) {
         Put(source, "a", Lines(1, "1"));
         ASSERT_TRUE(SyncOnce(source, tables).has_value());
       },
       [](store::ObjectStore& source) { Put(source, "a", Lines(1, "2")); },
       {{{"a", "2"}, 1}}},
  };
  return scenarios;
}

struct Case {
  std::size_t scenario;
  bool in_source;  // else in the tables' store
  store::Fault fault;
  bool then_dead;
  // Stores that hold what these hold; empty: in memory.
  std::function<std::unique_ptr<store::ObjectStore>(const store::MemoryStore&)> copy;
};
inline void PrintTo(const Case& param, std::ostream* out) {
  *out << Scenarios()[param.scenario].name << (param.in_source ? " in the source" : " in the tables");
}

class CrashLoop : public ::testing::TestWithParam<Case> {};

TEST_P(CrashLoop, EveryOperation) {
  const Case& param = GetParam();
  const Scenario& scenario = Scenarios()[param.scenario];
  Options options = TestOptions();
  if (scenario.name == "CheckpointDue") options.checkpoint_interval = 1;

  store::MemoryStore source;
  store::MemoryStore tables;
  scenario.before(source, tables);
  scenario.change(source);

  for (std::int64_t i = 0;; ++i) {
    SCOPED_TRACE(fmt::format("operation {}", i));
    const auto copy = [&](const store::MemoryStore& store) -> std::unique_ptr<store::ObjectStore> {
      if (param.copy) return param.copy(store);
      return store.Clone();
    };
    const auto source_now = copy(source);
    const auto tables_now = copy(tables);
    store::FaultPlan plan;
    plan.at = i;
    plan.fault = param.fault;
    plan.then_dead = param.then_dead;
    store::FaultyStore faulty(param.in_source ? *source_now : *tables_now, plan);
    store::ObjectStore& disturbed_source =
        param.in_source ? static_cast<store::ObjectStore&>(faulty) : *source_now;
    store::ObjectStore& disturbed_tables =
        param.in_source ? *tables_now : static_cast<store::ObjectStore&>(faulty);
    (void)SyncOnce(disturbed_source, disturbed_tables, options);
    const bool reached = faulty.operations() > i;

    const auto report = SyncOnce(*source_now, *tables_now, options);
    ASSERT_TRUE(report.has_value()) << report.error().message();
    ASSERT_EQ(SnapshotCounts(*tables_now), scenario.expected);
    ExpectDerivedAgree(*tables_now);
    ASSERT_FALSE(HasFailure());
    const auto settled = SyncOnce(*source_now, *tables_now, options);
    ASSERT_TRUE(settled.has_value());
    ASSERT_EQ(settled->commits, 0) << "a second sync found something left to do";
    if (!reached) {
      EXPECT_GT(i, 3) << "the scenario does not touch the store";
      break;
    }
  }
}

inline std::string CaseName(const ::testing::TestParamInfo<Case>& info) {
  const char* faults[] = {"None", "Before", "After", "UnknownNotDone"};
  return fmt::format("{}_{}_{}_{}", Scenarios()[info.param.scenario].name,
                     info.param.in_source ? "Source" : "Tables", faults[static_cast<int>(info.param.fault)],
                     info.param.then_dead ? "Dies" : "LivesOn");
}

}  // namespace rtl::load
