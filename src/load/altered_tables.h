// What tests of tables that other programs have altered share.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <parquet/file_reader.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/uuid.h"
#include "delta/parquet_object.h"
#include "load/loader_under_test.h"
#include "load/table_set.h"

namespace rtl::load {

inline constexpr const char* kSnapshot = "customer_data_snapshot";
inline const std::vector<std::string> kTables = {kSnapshot, "customer_data_raw", "file_records", "file_log",
                                                 "quarantine"};

using Change = std::function<void(delta::Protocol&, delta::Metadata&)>;

inline void Alter(store::ObjectStore& tables, const std::string& name, const Change& change) {
  const delta::Table table(tables, name);
  const auto state = table.Load();
  ASSERT_TRUE(state) << state.error().message();
  delta::Protocol protocol = state->protocol;
  delta::Metadata metadata = state->metadata;
  change(protocol, metadata);
  const bool stamped = metadata.configuration.contains("delta.enableInCommitTimestamps");
  const std::string stamp = stamped ? R"("inCommitTimestamp":9000000000000,)" : "";
  const std::vector<delta::Action> actions{
      delta::CommitInfo{fmt::format(R"({{{}"txnId":"{}","operation":"ALTER"}})", stamp, NewUuid())}, protocol,
      metadata};
  ASSERT_EQ(table.PutCommit(state->version + 1, actions), delta::PutOutcome::kCommitted);
}

// As an engine switches a feature on: the protocol lists it, and what its old version stood for.
inline void ListFeature(delta::Protocol& protocol, const std::string& feature, bool for_readers) {
  if (protocol.min_writer_version < 7) protocol.writer_features = {"appendOnly", "invariants"};
  protocol.min_writer_version = 7;
  protocol.writer_features.push_back(feature);
  if (!for_readers) return;
  protocol.min_reader_version = 3;
  protocol.reader_features.push_back(feature);
}

// As an engine switches it on: columns that are there keep their names in files.
inline void MapByName(delta::Protocol& protocol, delta::Metadata& metadata) {
  if (protocol.min_writer_version < 7) {
    protocol.min_reader_version = 2;
    protocol.min_writer_version = 5;
  } else {
    ListFeature(protocol, "columnMapping", true);
  }
  metadata.configuration["delta.columnMapping.mode"] = "name";
  int id = 0;
  for (delta::Field& field : metadata.schema.fields) {
    field.metadata = fmt::format(R"({{"delta.columnMapping.id":{},"delta.columnMapping.physicalName":"{}"}})",
                                 ++id, field.name);
  }
  metadata.configuration["delta.columnMapping.maxColumnId"] = std::to_string(id);
}

inline Change Rename(const std::string& from, const std::string& to) {
  return [from, to](delta::Protocol&, delta::Metadata& metadata) {
    for (delta::Field& field : metadata.schema.fields) {
      if (field.name == from) field.name = to;
    }
  };
}

inline Change Require(const std::string& column) {
  return [column](delta::Protocol&, delta::Metadata& metadata) {
    for (delta::Field& field : metadata.schema.fields) {
      if (field.name == column) field.nullable = false;
    }
  };
}

// Lets another program act just before a commit of ours to the snapshot.
class InterferingStore final : public store::MemoryStore {
 public:
  Result<store::PutIfAbsentOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) override {
    const bool is_commit = key.starts_with("customer_data_snapshot/_delta_log/0");
    if (is_commit && before_commit) std::exchange(before_commit, nullptr)();
    return MemoryStore::PutIfAbsent(key, bytes);
  }
  std::function<void()> before_commit;
};

class AlteredTables : public testing::Test {
 protected:
  void Load(const std::string& file, const std::string& lines) {
    ASSERT_TRUE(source_.Put(file, lines));
    const auto report = SyncOnce(source_, tables_, options_);
    ASSERT_TRUE(report) << report.error().message();
  }

  std::string Failure(const std::string& file, const std::string& lines) {
    EXPECT_TRUE(source_.Put(file, lines));
    const auto report = SyncOnce(source_, tables_, options_);
    return report ? "" : report.error().message();
  }

  // "column=value ..." of each row in the snapshot, without the loader's columns.
  std::vector<std::string> Rows(const std::string& table = kSnapshot) {
    std::vector<std::string> out;
    for (const Row& row : ReadRows(tables_, table)) {
      std::string text = Field(row, "source_file") + ":";
      for (const auto& [column, value] : row) {
        if (!IsOwnColumn(column)) text += fmt::format(" {}={}", column, value);
      }
      out.push_back(text);
    }
    return out;
  }

  // "name:id" of each column of the newest data file.
  std::vector<std::string> NewestFile(const std::string& name) {
    const delta::Table table(tables_, name);
    std::string newest;
    const auto state = table.Load();
    for (delta::Version v = state->version; v >= 0 && newest.empty(); --v) {
      const auto commit = table.ReadCommit(v);
      for (const delta::Action& action : commit->actions) {
        if (const auto* add = std::get_if<delta::Add>(&action)) newest = add->path;
      }
    }
    const auto info = tables_.Head(table.DataKey(newest));
    const auto object = delta::ParquetObject::Open(tables_, *info, 1000);
    std::vector<std::string> columns;
    const auto* schema = object->reader().parquet_reader()->metadata()->schema();
    columns.reserve(static_cast<std::size_t>(schema->num_columns()));
    for (int i = 0; i < schema->num_columns(); ++i) {
      columns.push_back(
          fmt::format("{}:{}", schema->GetColumnRoot(i)->name(), schema->GetColumnRoot(i)->field_id()));
    }
    return columns;
  }

  store::MemoryStore source_;
  InterferingStore tables_;
  Options options_ = TestOptions();
};

}  // namespace rtl::load
