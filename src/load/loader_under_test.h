// What the loader's tests share: a source and tables in memory, a loader on them, and the tables read back
// row by row.
#pragma once

#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "delta/table_reader.h"
#include "load/loader.h"
#include "store/memory_store.h"

namespace rtl::load {

using Row = std::map<std::string, std::string>;  // values as text; NULL is left out

inline std::string ValueText(const arrow::Array& array, std::int64_t row) {
  if (array.type_id() == arrow::Type::STRING) {
    return std::string(static_cast<const arrow::StringArray&>(array).GetView(row));
  }
  if (array.type_id() == arrow::Type::BINARY) {
    return std::string(static_cast<const arrow::BinaryArray&>(array).GetView(row));
  }
  const auto scalar = array.GetScalar(row);
  return scalar.ok() ? (*scalar)->ToString() : scalar.status().ToString();
}

// All rows of a table; a table that is not there has none. A failure to read fails the test.
inline std::vector<Row> ReadRows(store::ObjectStore& store, const std::string& name,
                                 std::optional<delta::Version> version = std::nullopt) {
  const delta::Table table(store, name);
  const auto state = table.Load(version);
  std::vector<Row> rows;
  if (!state) {
    EXPECT_EQ(state.error().kind(), ErrorKind::kNotFound) << state.error().message();
    return rows;
  }
  for (const delta::Add& add : state->files.Sorted()) {
    const auto read =
        delta::ReadDataFile(table, *state, add, {}, [&](const arrow::RecordBatch& batch) -> Result<> {
          for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
            Row row;
            for (int c = 0; c < batch.num_columns(); ++c) {
              if (!batch.column(c)->IsNull(i)) row[batch.column_name(c)] = ValueText(*batch.column(c), i);
            }
            rows.push_back(std::move(row));
          }
          return {};
        });
    EXPECT_TRUE(read.has_value()) << read.error().message();
  }
  return rows;
}

inline std::string Field(const Row& row, const std::string& column) {
  const auto it = row.find(column);
  return it == row.end() ? "NULL" : it->second;
}

inline Options TestOptions() {
  Options options;
  options.source_uri = "memory:source";
  options.threads = 1;
  options.single_threaded = true;
  return options;
}

class SleeplessClock final : public Clock {
 public:
  Timestamp Now() const override { return SystemClock().Now(); }
  void Sleep(std::chrono::milliseconds) const override {}
};

inline Result<SyncReport> SyncOnce(store::ObjectStore& source, store::ObjectStore& tables,
                                   const Options& options = TestOptions()) {
  static const SleeplessClock clock;
  RTL_TRY(const auto loader, Loader::Open(source, tables, options, nullptr, true, clock));
  return loader->Sync({});
}

// "n" rows that tell file, generation and line: {"id": ..., "gen": ...}.
inline std::string Lines(int rows, const std::string& generation) {
  std::string text;
  for (int i = 0; i < rows; ++i)
    text +=
        fmt::format("{{\"n\": \"{}\", \"gen\": \"{}\", \"payload\": {{\"a\": [1, 2]}}}}\n", i, generation);
  return text;
}

// Rows per (source_file, gen) in the snapshot.
inline std::map<std::pair<std::string, std::string>, int> SnapshotCounts(store::ObjectStore& tables) {
  std::map<std::pair<std::string, std::string>, int> counts;
  for (const Row& row : ReadRows(tables, "customer_data_snapshot"))
    ++counts[{Field(row, "source_file"), Field(row, "gen")}];
  return counts;
}

// I5, I6, I7 over the derived tables: each version in raw once with the rows that file_log counts,
// file_records one a file.
inline void ExpectDerivedAgree(store::ObjectStore& tables) {
  std::map<std::pair<std::string, std::string>, int> raw;
  std::set<std::string> lines;
  for (const Row& row : ReadRows(tables, "customer_data_raw")) {
    ++raw[{Field(row, "source_file"), Field(row, "file_version")}];
    EXPECT_TRUE(
        lines.insert(Field(row, "source_file") + "|" + Field(row, "file_version") + "|" + Field(row, "n"))
            .second)
        << "a line stands twice in raw: " << Field(row, "source_file") << " version "
        << Field(row, "file_version");
  }
  std::map<std::pair<std::string, std::string>, int> quarantined;
  for (const Row& row : ReadRows(tables, "quarantine")) {
    ++quarantined[{Field(row, "source_file"), Field(row, "file_version")}];
  }
  std::map<std::pair<std::string, std::string>, int> logged;
  std::map<std::pair<std::string, std::string>, int> rejected;
  std::map<std::string, std::int64_t> highest;
  std::map<std::string, std::string> last_action;
  auto log = ReadRows(tables, "file_log");
  std::sort(log.begin(), log.end(), [](const Row& a, const Row& b) {
    return std::stoll(Field(a, "snapshot_version")) < std::stoll(Field(b, "snapshot_version"));
  });
  for (const Row& row : log) {
    const std::pair key(Field(row, "source_file"), Field(row, "file_version"));
    const std::string action = Field(row, "action");
    last_action[key.first] = action;
    if (action == "loaded" || action == "replaced" || action == "held") {
      EXPECT_GT(std::stoll(key.second), highest[key.first]) << "file_version goes back or is given out twice";
      highest[key.first] = std::stoll(key.second);
      if (Field(row, "rejected_count") != "0") rejected[key] += std::stoi(Field(row, "rejected_count"));
      if (action != "held" && Field(row, "row_count") != "0")
        logged[key] += std::stoi(Field(row, "row_count"));
    }
  }
  EXPECT_EQ(raw, logged);
  EXPECT_EQ(quarantined, rejected);
  std::set<std::string> recorded;
  for (const Row& row : ReadRows(tables, "file_records")) {
    EXPECT_TRUE(recorded.insert(Field(row, "file_id")).second) << Field(row, "file_id") << " stands twice";
    EXPECT_EQ(std::stoll(Field(row, "file_version")), highest[Field(row, "file_id")]);
  }
  EXPECT_EQ(recorded.size(), last_action.size());
}

}  // namespace rtl::load
