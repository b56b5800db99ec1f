// What other programs do to the snapshot, for tests: an OPTIMIZE that merges files and drops tags, a DELETE
// by deletion vector, table properties.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/uuid.h"
#include "delta/deletion_vector_file.h"
#include "delta/deletion_vector_reader.h"
#include "delta/table_reader.h"
#include "encode/table_file.h"
#include "load/loader_under_test.h"
#include "load/table_set.h"

namespace rtl::load {

class ForeignWriter {
 public:
  explicit ForeignWriter(store::ObjectStore& store, const std::string& name = "customer_data_snapshot")
      : table_(store, name) {}

  delta::TableState State() const {
    auto state = table_.Load();
    EXPECT_TRUE(state.has_value()) << state.error().message();
    return state.has_value() ? std::move(*state) : delta::TableState();
  }
  const delta::Table& table() const { return table_; }

  void Commit(std::vector<delta::Action> actions, const std::string& operation = "OPTIMIZE") {
    actions.insert(actions.begin(),
                   delta::CommitInfo{PlainCommitInfo(operation, NewUuid(), SystemClock().Now())});
    const auto put = table_.PutCommit(State().version + 1, actions);
    ASSERT_TRUE(put.has_value()) << put.error().message();
    ASSERT_EQ(*put, delta::PutOutcome::kCommitted);
  }

  // Appends copies of all rows under another source_file.
  void AppendAs(const std::string& source_file) {
    std::unique_ptr<encode::TableFile> file;
    WriteEach(State(), file, [&](const arrow::RecordBatch& batch) {
      const int column = batch.schema()->GetFieldIndex("source_file");
      const auto name = arrow::MakeArrayFromScalar(arrow::StringScalar(source_file), batch.num_rows());
      return *batch.SetColumn(column, batch.schema()->field(column), *name);
    });
    ASSERT_TRUE(file);
    Commit({Put(*file, true)}, "WRITE");
  }

  // Merges all files into one without tags.
  void Optimize() {
    const delta::TableState state = State();
    std::unique_ptr<encode::TableFile> file;
    WriteEach(state, file, [](const arrow::RecordBatch& batch) { return batch.Slice(0); });
    ASSERT_TRUE(file);
    std::vector<delta::Action> actions;
    for (const delta::Add& add : state.files.Sorted()) {
      actions.emplace_back(Without(delta::RemoveOf(add, MillisSinceEpoch(SystemClock().Now()), false)));
    }
    actions.emplace_back(Put(*file, false));
    Commit(std::move(actions));
  }

  // Takes the rows away for which `gone` is true, by deletion vectors; tags stay, as Spark leaves them.
  void Delete(const std::function<bool(const Row&)>& gone) {
    const delta::TableState state = State();
    std::vector<delta::Action> actions;
    delta::DeletionVectorFile vectors;
    for (const delta::Add& add : state.files.Sorted()) {
      delta::ReadOptions options;
      options.with_positions = true;
      std::vector<delta::RowRange> struck;
      const auto read =
          delta::ReadDataFile(table_, state, add, options, [&](const arrow::RecordBatch& batch) -> Result<> {
            for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
              Row row;
              for (int c = 0; c < batch.num_columns(); ++c) {
                if (!batch.column(c)->IsNull(i)) row[batch.column_name(c)] = ValueText(*batch.column(c), i);
              }
              if (gone(row)) struck.push_back({std::stoll(row.at(delta::kPositionColumn)), 1});
            }
            return {};
          });
      ASSERT_TRUE(read.has_value()) << read.error().message();
      if (struck.empty()) continue;
      actions.emplace_back(delta::RemoveOf(add, MillisSinceEpoch(SystemClock().Now()), true));
      delta::Add left = add;
      delta::DeletionVector rows;
      if (add.deletion_vector) {
        auto before = delta::ReadDeletionVector(table_.store(), table_.path(), *add.deletion_vector);
        ASSERT_TRUE(before.has_value()) << before.error().message();
        rows = std::move(*before);
      }
      for (const delta::RowRange& range : struck) rows.AddRange(range.first, range.count);
      auto descriptor = vectors.Add(rows);
      ASSERT_TRUE(descriptor.has_value()) << descriptor.error().message();
      left.deletion_vector = std::move(*descriptor);
      actions.emplace_back(std::move(left));
    }
    ASSERT_TRUE(table_.store().Put(table_.DataKey(vectors.path()), vectors.bytes()).has_value());
    Commit(std::move(actions), "DELETE");
  }

  void EnableDeletionVectors() {
    const delta::TableState state = State();
    delta::Protocol protocol{.min_reader_version = 3,
                             .min_writer_version = 7,
                             .reader_features = {"deletionVectors"},
                             .writer_features = {"appendOnly", "deletionVectors", "invariants"}};
    delta::Metadata metadata = state.metadata;
    metadata.configuration["delta.enableDeletionVectors"] = "true";
    Commit({std::move(protocol), std::move(metadata)}, "SET TBLPROPERTIES");
  }

 private:
  // All rows of the table, as `change` makes them, into one file.
  void WriteEach(
      const delta::TableState& state, std::unique_ptr<encode::TableFile>& file,
      const std::function<std::shared_ptr<arrow::RecordBatch>(const arrow::RecordBatch&)>& change) {
    for (const delta::Add& add : state.files.Sorted()) {
      const auto read =
          delta::ReadDataFile(table_, state, add, {}, [&](const arrow::RecordBatch& batch) -> Result<> {
            if (!file) {
              RTL_TRY(file, encode::TableFile::Create(batch.schema(), 4));
            }
            return file->Write(*change(batch));
          });
      ASSERT_TRUE(read.has_value()) << read.error().message();
    }
  }

  static delta::Remove Without(delta::Remove remove) {
    remove.tags.clear();
    return remove;
  }

  delta::Add Put(encode::TableFile& file, bool data_change) {
    const auto encoded = file.Finish();
    EXPECT_TRUE(encoded.has_value());
    delta::Add add{.path = "part-00000-" + NewUuid() + "-c000.zstd.parquet",
                   .size = static_cast<std::int64_t>(encoded->bytes.size()),
                   .modification_time_ms = MillisSinceEpoch(SystemClock().Now()),
                   .data_change = data_change,
                   .stats = encoded->stats};
    EXPECT_TRUE(table_.store().Put(table_.DataKey(add.path), encoded->bytes).has_value());
    return add;
  }

  delta::Table table_;
};

}  // namespace rtl::load
