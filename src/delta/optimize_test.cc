#include "delta/optimize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <thread>

#include "core/uuid.h"
#include "delta/commit_preparation.h"
#include "delta/testing_actions.h"
#include "delta/testing_clock.h"
#include "store/faulty_store.h"
#include "store/memory_store.h"

namespace rtl::delta {
namespace {

using testing::ElementsAre;
using testing::SizeIs;
using Rows = std::multiset<std::string>;

// A table whose data files hold a row a line.
struct LineTable {
  LineTable(store::ObjectStore& in, const Clock& clock) : store(&in), table(in, "t", clock) {}

  Add Write(const std::string& lines) const {
    Add add = SomeAdd(NewUuid());
    add.size = static_cast<std::int64_t>(lines.size());
    add.tags.clear();
    EXPECT_TRUE(store->Put(table.DataKey(add.path), lines));
    return add;
  }
  // On whatever version is the newest.
  void Commit(std::vector<Action> actions) const {
    actions.emplace_back(InfoWith(NewUuid()));
    for (auto state = table.Load();; state = table.Load()) {
      const Version version = state ? state->version + 1 : 0;
      if (table.PutCommit(version, actions) == PutOutcome::kCommitted) return;
    }
  }
  Rows Read(std::optional<Version> version = {}) const {
    Rows rows;
    const auto state = table.Load(version);
    EXPECT_TRUE(state) << state.error().message();
    if (!state) return rows;
    state->files.ForEach([&](const Add& add) {
      const auto object = store->Get(table.DataKey(add.path));
      EXPECT_TRUE(object) << add.path << " is gone";
      std::istringstream lines(object ? object->bytes : "");
      for (std::string line; std::getline(lines, line);) rows.insert(line);
    });
    return rows;
  }
  // Bins become the concatenation of their files.
  Result<std::vector<Add>> Rewrite(const RewriteJob& job) const {
    std::vector<Add> adds;
    for (const auto& bin : job.bins) {
      std::string lines;
      for (const Add& file : bin) {
        RTL_TRY(const auto object, store->Get(table.DataKey(file.path)));
        lines += object.bytes;
      }
      Add add = SomeAdd(NewUuid());
      add.size = static_cast<std::int64_t>(lines.size());
      add.partition_values = bin.front().partition_values;
      RTL_CHECK(store->Put(table.DataKey(add.path), lines));
      adds.push_back(std::move(add));
    }
    return adds;
  }
  OptimizeOptions Options(const PackOptions& pack = {.target_bytes = 1000}) const {
    OptimizeOptions options;
    PackAnyFiles(pack, options);
    options.rewrite = [this](const TableState&, const RewriteJob& job) { return Rewrite(job); };
    return options;
  }
  std::size_t files() const { return table.Load()->files.size(); }

  store::ObjectStore* store;
  Table table;
};

class OptimizeTest : public testing::Test {
 protected:
  OptimizeTest() { lines_.Commit({Protocol{}, SomeMetadata()}); }

  void AddFiles(int count) {
    for (int i = 0; i < count; ++i) {
      clock_.Advance(std::chrono::seconds(1));
      Add add = lines_.Write(fmt::format("row {}\n", rows_++));
      add.modification_time_ms = MillisSinceEpoch(clock_.Now());
      lines_.Commit({add});
    }
  }
  OptimizeReport Run(const OptimizeOptions& options) { return Run(lines_, options); }
  static OptimizeReport Run(const LineTable& lines, const OptimizeOptions& options) {
    const auto report = Optimize(lines.table, options);
    EXPECT_TRUE(report) << report.error().message();
    return report.value_or(OptimizeReport{});
  }

  TestClock clock_;
  store::MemoryStore store_{{.clock = &clock_}};
  LineTable lines_{store_, clock_};
  int rows_ = 10;
};

TEST_F(OptimizeTest, MergesSmallFilesAndKeepsTheRows) {
  AddFiles(10);
  const Rows before = lines_.Read();
  const OptimizeReport report = Run(lines_.Options({.target_bytes = 40}));
  EXPECT_EQ(report.removed, 10);
  EXPECT_EQ(report.added, 2);
  EXPECT_EQ(report.removed_bytes, 70);
  EXPECT_EQ(report.added_bytes, 70);
  EXPECT_EQ(report.commits, 1);
  EXPECT_EQ(report.version, 11);
  EXPECT_EQ(lines_.Read(), before);
  EXPECT_EQ(lines_.files(), 2U);
  const auto commit = lines_.table.ReadCommit(11);
  for (const Action& action : commit->actions) {
    if (const auto* add = std::get_if<Add>(&action)) {
      EXPECT_FALSE(add->data_change);
    } else if (const auto* remove = std::get_if<Remove>(&action)) {
      EXPECT_FALSE(remove->data_change);
      EXPECT_EQ(remove->deletion_timestamp_ms, MillisSinceEpoch(clock_.Now()));
    }
  }
  EXPECT_EQ(Run(lines_.Options({.target_bytes = 40})).version, -1);
}

TEST_F(OptimizeTest, OneCommitIsBounded) {
  AddFiles(10);
  OptimizeOptions options = lines_.Options({.target_bytes = 14});
  options.commit_files = 4;
  EXPECT_EQ(Run(options).commits, 3);
}

TEST_F(OptimizeTest, FilesOfOnePartitionAreMergedAlone) {
  Metadata metadata = SomeMetadata();
  metadata.partition_columns = {"wid"};
  lines_.Commit({metadata});
  for (int i = 0; i < 6; ++i) {
    Add add = lines_.Write("x\n");
    add.partition_values["wid"] = i % 3 == 0 ? std::nullopt : std::optional(std::to_string(i % 3));
    lines_.Commit({add});
  }
  EXPECT_EQ(Run(lines_.Options()).added, 3);
  std::set<std::optional<std::string>> values;
  for (const Add& add : lines_.table.Load()->files.Sorted()) values.insert(add.partition_values.at("wid"));
  EXPECT_THAT(values, ElementsAre(std::nullopt, "1", "2"));
}

TEST_F(OptimizeTest, ATableOfManyFilesIsPlannedInParts) {
  AddFiles(100);
  const Rows before = lines_.Read();
  OptimizeOptions options = lines_.Options({.target_bytes = 100'000});
  options.planned_files = 30;
  EXPECT_GE(Run(options).removed, 100);
  EXPECT_EQ(lines_.Read(), before);
  EXPECT_LE(lines_.files(), 4U);
}

TEST_F(OptimizeTest, LeavesFilesWithDeletionVectorsAndThoseOutside) {
  AddFiles(1);
  Add with_vector = lines_.Write("x\n");
  with_vector.deletion_vector = {.storage_type = 'i', .path_or_inline = "x"};
  lines_.Commit({with_vector, SomeAdd("file:/elsewhere/x")});
  EXPECT_EQ(Run(lines_.Options()).removed, 0);
}

TEST_F(OptimizeTest, CommitsOnTopOfAppends) {
  AddFiles(4);
  OptimizeOptions options = lines_.Options();
  options.rewrite = [&](const TableState&, const RewriteJob& job) {
    AddFiles(1);
    return lines_.Rewrite(job);
  };
  const OptimizeReport report = Run(options);
  EXPECT_EQ(report.removed, 4);
  EXPECT_EQ(report.dropped, 0);
  EXPECT_THAT(lines_.Read(), SizeIs(5));
  EXPECT_EQ(lines_.files(), 2U);
}

// Whatever another writer does to one file of one job, the other job is committed.
TEST_F(OptimizeTest, DropsTheJobsThatAnotherWriterTouched) {
  for (const char* what : {"removes", "repeats", "marks"}) {
    AddFiles(4);
    Rows expected = lines_.Read();
    bool done = false;
    OptimizeOptions options = lines_.Options({.target_bytes = 14});
    std::string theirs;
    options.rewrite = [&](const TableState&, const RewriteJob& job) {
      if (std::exchange(done, true)) return lines_.Rewrite(job);
      Add add = job.bins[0][0];
      theirs = add.path;
      if (what == std::string("removes")) {
        const auto object = store_.Get(lines_.table.DataKey(add.path));
        expected.erase(object->bytes.substr(0, object->bytes.size() - 1));
        lines_.Commit({RemoveOf(add, 1, true)});
      } else if (what == std::string("repeats")) {
        add.tags["of"] = "another";
        add.data_change = false;
        lines_.Commit({add});
      } else {
        const Remove remove = RemoveOf(add, 1, true);
        add.deletion_vector = {.storage_type = 'i', .path_or_inline = "x"};
        lines_.Commit({remove, add});
      }
      return lines_.Rewrite(job);
    };
    const OptimizeReport report = Run(options);
    EXPECT_EQ(report.dropped, 2) << what;
    EXPECT_EQ(report.removed, 2) << what;
    EXPECT_EQ(lines_.Read(), expected) << what;
    EXPECT_EQ(lines_.table.Load()->files.Contains(theirs), what != std::string("removes"));
    // Nothing is left of the file that was written for it: all objects are active or removed by a commit.
    Run(lines_.Options());
    for (const Add& add : lines_.table.Load()->files.Sorted()) {
      lines_.Commit({RemoveOf(add, 1, true)});
    }
  }
}

TEST_F(OptimizeTest, WhatWasWrittenForADroppedJobIsDeleted) {
  AddFiles(2);
  OptimizeOptions options = lines_.Options();
  std::string written;
  options.rewrite = [&](const TableState&, const RewriteJob& job) -> Result<std::vector<Add>> {
    RTL_TRY(auto adds, lines_.Rewrite(job));
    written = adds[0].path;
    lines_.Commit({RemoveOf(job.bins[0][0], 1, true)});
    return adds;
  };
  EXPECT_EQ(Run(options).dropped, 2);
  EXPECT_FALSE(store_.Head(lines_.table.DataKey(written)));
}

TEST_F(OptimizeTest, PlansAnewWhenTheColumnsChanged) {
  AddFiles(2);
  OptimizeOptions options = lines_.Options();
  std::vector<std::size_t> columns;
  options.rewrite = [&](const TableState& state, const RewriteJob& job) {
    columns.push_back(state.metadata.schema.fields.size());
    if (columns.size() == 1) {
      Metadata metadata = SomeMetadata();
      metadata.schema.fields.push_back({.name = "new", .type = "string"});
      lines_.Commit({metadata});
    }
    return lines_.Rewrite(job);
  };
  const OptimizeReport report = Run(options);
  EXPECT_THAT(columns, ElementsAre(2, 3));
  EXPECT_EQ(report.removed, 2);
  EXPECT_EQ(report.dropped, 2);
}

TEST_F(OptimizeTest, StopsWhenTheProtocolIsNoLongerOurs) {
  AddFiles(2);
  OptimizeOptions options = lines_.Options();
  options.rewrite = [&](const TableState&, const RewriteJob& job) {
    lines_.Commit({Protocol{.min_reader_version = 1, .min_writer_version = 7, .writer_features = {"new"}}});
    return lines_.Rewrite(job);
  };
  EXPECT_EQ(Optimize(lines_.table, options).error().kind(), ErrorKind::kUnsupported);
  EXPECT_THAT(lines_.Read(), SizeIs(2));
}

TEST_F(OptimizeTest, AMissingFileIsAnErrorUnlessItWasRemovedMeanwhile) {
  AddFiles(2);
  const std::vector<Add> files = lines_.table.Load()->files.Sorted();
  OptimizeOptions options = lines_.Options();
  options.rewrite = [&](const TableState&, const RewriteJob& job) {
    lines_.Commit({RemoveOf(files[0], 1, true)});
    EXPECT_TRUE(store_.Delete(lines_.table.DataKey(files[0].path)));
    return lines_.Rewrite(job);
  };
  EXPECT_EQ(Run(options).dropped, 2);
  EXPECT_TRUE(store_.Delete(lines_.table.DataKey(files[1].path)));
  AddFiles(1);
  EXPECT_EQ(Optimize(lines_.table, lines_.Options()).error().kind(), ErrorKind::kNotFound);
}

TEST_F(OptimizeTest, AStopCommitsWhatIsRewritten) {
  AddFiles(4);
  std::stop_source stop;
  OptimizeOptions options = lines_.Options({.target_bytes = 14});
  options.rewrite = [&](const TableState&, const RewriteJob& job) {
    stop.request_stop();
    return lines_.Rewrite(job);
  };
  const auto stopped = Optimize(lines_.table, options, stop.get_token());
  EXPECT_EQ(stopped.error().kind(), ErrorKind::kCancelled);
  EXPECT_EQ(lines_.files(), 3U);
  EXPECT_THAT(lines_.Read(), SizeIs(4));
}

TEST_F(OptimizeTest, WhicheverOperationFailsNoRowIsLostOrDoubled) {
  AddFiles(6);
  const Rows expected = lines_.Read();
  using store::Fault;
  for (const Fault fault : {Fault::kBefore, Fault::kAfter, Fault::kUnknownNotDone}) {
    for (const bool then_dead : {false, true}) {
      bool more = true;
      for (std::int64_t at = 0; more; ++at) {
        const auto copy = store_.Clone();
        store::FaultyStore faulty(*copy, {.at = at, .fault = fault, .then_dead = then_dead});
        const LineTable disturbed(faulty, clock_);
        OptimizeOptions options = disturbed.Options({.target_bytes = 21});
        options.commit_files = 3;
        [[maybe_unused]] const auto done = Optimize(disturbed.table, options);
        more = faulty.operations() > at;
        const LineTable after(*copy, clock_);
        for (Version version = 6; version <= after.table.Load()->version; ++version) {
          ASSERT_EQ(after.Read(version), expected) << "operation " << at << ", version " << version;
        }
        ASSERT_TRUE(Optimize(after.table, after.Options({.target_bytes = 21})));
        ASSERT_EQ(after.Read(), expected) << "operation " << at;
        ASSERT_EQ(after.files(), 2U);
      }
    }
  }
}

// Takes any one file out of the table; its rows, or nothing when the table has none.
Rows RemoveAFile(const LineTable& lines, std::size_t random) {
  while (true) {
    const auto state = lines.table.Load();
    const std::vector<Add> files = state->files.Sorted();
    if (files.empty()) return {};
    const Add& file = files[random % files.size()];
    const std::vector<Action> actions = {InfoWith(NewUuid()), RemoveOf(file, 1, true)};
    if (lines.table.PutCommit(state->version + 1, actions) != PutOutcome::kCommitted) continue;
    std::istringstream text(lines.store->Get(lines.table.DataKey(file.path))->bytes);
    Rows rows;
    for (std::string line; std::getline(text, line);) rows.insert(line);
    return rows;
  }
}

TEST(OptimizeRace, NoRowIsLostOrDoubledWhileOthersAppendAndRemove) {
  store::MemoryStore store;
  const LineTable lines(store, SystemClock());
  lines.Commit({Protocol{}, SomeMetadata()});
  constexpr int kWriters = 4;
  constexpr int kCommits = 40;
  std::atomic<int> running = kWriters;
  std::vector<Rows> added(kWriters);
  std::vector<Rows> removed(kWriters);
  std::vector<std::jthread> threads;
  threads.reserve(kWriters);
  for (std::size_t writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (std::size_t i = 0; i < kCommits; ++i) {
        const std::string row = fmt::format("{} {}", writer, i);
        lines.Commit({lines.Write(row + "\n")});
        added[writer].insert(row);
        if (i % 8 == 7) removed[writer].merge(RemoveAFile(lines, i * 7919 + writer));
      }
      --running;
    });
  }
  while (running > 0) {
    const auto report = Optimize(lines.table, lines.Options({.target_bytes = 60}));
    ASSERT_TRUE(report) << report.error().message();
  }
  threads.clear();
  ASSERT_TRUE(Optimize(lines.table, lines.Options({.target_bytes = 60})));
  Rows expected;
  for (Rows& rows : added) expected.merge(rows);
  for (const Rows& rows : removed) {
    for (const std::string& row : rows) {
      ASSERT_EQ(expected.count(row), 1U) << "taken out twice: " << row;
      expected.erase(row);
    }
  }
  EXPECT_EQ(lines.Read(), expected);
  EXPECT_LT(lines.files(), expected.size());
}

// Protocol: "In-Commit Timestamps".
TEST_F(OptimizeTest, KeepsUpTimestampsInCommits) {
  store::MemoryStore store;
  const LineTable lines(store, clock_);
  Metadata metadata = SomeMetadata();
  metadata.configuration["delta.enableInCommitTimestamps"] = "true";
  TableState state;
  for (Version version = 0; version <= 3; ++version) {
    std::vector<Action> actions = {InfoWith(NewUuid())};
    if (version == 0) {
      actions.insert(actions.end(),
                     {Protocol{.min_writer_version = 7, .writer_features = {"inCommitTimestamp"}}, metadata});
    } else {
      actions.emplace_back(lines.Write(fmt::format("row {}\n", version)));
    }
    ASSERT_TRUE(PrepareCommit(state, {}, actions, clock_.Now()));
    ASSERT_EQ(lines.table.PutCommit(version, actions), PutOutcome::kCommitted);
    ASSERT_TRUE(Advance(state, {version, clock_.Now(), actions}));
  }
  OptimizeOptions options = lines.Options({.target_bytes = 14});
  options.commit_files = 2;
  EXPECT_EQ(Run(lines, options).commits, 1);
  EXPECT_EQ(lines.Read(), (Rows{"row 1", "row 2", "row 3"}));
  EXPECT_EQ(lines.table.Load()->in_commit_timestamp_ms, *state.in_commit_timestamp_ms + 1);
}

}  // namespace
}  // namespace rtl::delta
