#include "load/strike_out.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "core/uuid.h"
#include "delta/deletion_vector_file.h"
#include "delta/deletion_vector_reader.h"
#include "delta/reconcile.h"
#include "delta/table_properties.h"
#include "delta/table_reader.h"
#include "delta/wide_bounds.h"
#include "encode/table_file.h"
#include "load/change_rows.h"

namespace rtl::load {
namespace {

constexpr std::size_t kOwnColumns = 4;

// What is left of an index once rows have gone; positions stay.
FileIndex Without(const FileIndex& index, const delta::RowSet& struck) {
  FileIndex left;
  left.rows = index.rows;
  for (const FileIndex::Member& member : index.members) {
    FileIndex::Member kept{member.source_file, member.file_version, {}};
    for (const RowRange& range : member.ranges) {
      for (const RowRange& part : struck.Without(range.first, range.count)) kept.ranges.push_back(part);
    }
    left.rows -= RowsIn(member.ranges) - RowsIn(kept.ranges);
    if (!kept.ranges.empty()) left.members.push_back(std::move(kept));
  }
  return left;
}

struct SharedView {
  delta::Add add;
  FileIndex index;
};

class Striking {
 public:
  Striking(const TableSet& tables, const LiveLedger& ledger, Timestamp now, ChangeRows* changed)
      : tables_(tables), ledger_(ledger), now_(now), changed_(changed) {}

  Result<StruckOut> Run(const Strikes& strikes) {
    const auto [protocol, metadata] = ledger_.Inspect(
        [](const Ledger& ledger) { return std::pair(ledger.state().protocol, ledger.state().metadata); });
    state_.protocol = protocol;
    state_.metadata = metadata;
    stored_ = ledger_.columns()->stored;
    const bool vectors = MayWriteDeletionVectors(protocol, metadata);
    for (const auto& [path, ranges] : strikes) {
      auto struck = One(path, ranges, vectors);
      if (!struck) return Fail(struck.error().Wrap(path));
    }
    if (!vector_file_.empty()) {
      const delta::Table& table = tables_.snapshot;
      RTL_CHECK(table.store().Put(table.DataKey(vector_file_.path()), vector_file_.bytes()));
    }
    return std::move(out_);
  }

 private:
  Result<> One(const std::string& path, const std::vector<RowRange>& ranges, bool vectors) {
    const auto view = ledger_.Inspect([&](const Ledger& ledger) -> std::optional<SharedView> {
      const Ledger::Shared* shared = ledger.FindShared(path);
      if (shared == nullptr) return std::nullopt;
      return SharedView{shared->add, ledger.IndexOf(path)};
    });
    if (!view) return Fail(ErrorKind::kConflict, "it was taken out of the table meanwhile");
    const delta::RowSet struck(ranges);
    FileIndex left = Without(view->index, struck);
    if (changed_ != nullptr) RTL_CHECK(changed_->Deleted(view->add, struck));
    out_.actions.emplace_back(delta::RemoveOf(view->add, MillisSinceEpoch(now_), true));
    if (left.rows == 0) return {};
    return vectors ? WithVector(*view, struck, std::move(left)) : Rewritten(*view, struck);
  }

  Result<> WithVector(const SharedView& view, const delta::RowSet& struck, FileIndex left) {
    const delta::Table& table = tables_.snapshot;
    delta::DeletionVector all;
    if (view.add.deletion_vector) {
      RTL_TRY(all, delta::ReadDeletionVector(table.store(), table.path(), *view.add.deletion_vector));
    }
    for (const RowRange& range : struck.ranges()) all.AddRange(range.first, range.count);
    delta::Add add = view.add;
    RTL_TRY(add.deletion_vector, vector_file_.Add(all));
    add.data_change = true;
    RTL_TRY(add.stats, delta::WithWideBounds(tables_.snapshot, add));
    out_.indexes.emplace(delta::LogicalFileKey(add), std::move(left));
    out_.actions.emplace_back(std::move(add));
    return {};
  }

  Result<> Rewritten(const SharedView& view, const delta::RowSet& struck) {
    std::unique_ptr<encode::TableFile> file;
    FileIndexBuilder index;
    delta::ReadOptions options;
    options.with_positions = true;
    const auto read = delta::ReadDataFile(
        tables_.snapshot, state_, view.add, options,
        [&](const arrow::RecordBatch& batch) -> Result<> { return Keep(batch, struck, file, index); });
    RTL_CHECK(read);
    if (!file) return {};
    RTL_TRY(const EncodedFile encoded, file->Finish());
    delta::Add add = view.add;
    add.path = fmt::format("rewritten-{}.parquet", NewUuid());
    add.path_in_log.clear();
    add.deletion_vector.reset();
    add.size = static_cast<std::int64_t>(encoded.bytes.size());
    add.modification_time_ms = MillisSinceEpoch(now_);
    add.stats = encoded.stats;
    add.data_change = true;
    const delta::Table& table = tables_.snapshot;
    RTL_CHECK(table.store().Put(table.DataKey(add.path), encoded.bytes));
    out_.indexes.emplace(delta::LogicalFileKey(add), std::move(index).Finish());
    out_.actions.emplace_back(std::move(add));
    return {};
  }

  // Writes what is not struck out.
  Result<> Keep(const arrow::RecordBatch& batch, const delta::RowSet& struck,
                std::unique_ptr<encode::TableFile>& file, FileIndexBuilder& index) const {
    return ForEachRun(batch, [&](std::int64_t first, const arrow::RecordBatch& rows) -> Result<> {
      for (const RowRange& kept : struck.Without(first, rows.num_rows())) {
        const auto part = rows.Slice(kept.first - first, kept.count);
        if (!file) {
          RTL_TRY(file, encode::TableFile::Create(part->schema(), kOwnColumns, {.stored = stored_}));
        }
        RTL_CHECK(AddRows(*part, file->rows(), index));
        RTL_CHECK(file->Write(*part));
      }
      return {};
    });
  }

  const TableSet& tables_;
  const LiveLedger& ledger_;
  Timestamp now_;
  ChangeRows* changed_;  // may be null
  delta::TableState state_;
  std::shared_ptr<const encode::StoredColumns> stored_;
  delta::DeletionVectorFile vector_file_;
  StruckOut out_;
};

}  // namespace

bool LeavesRows(const LiveLedger& ledger, const Strikes& strikes) {
  return ledger.Inspect([&](const Ledger& known) {
    return std::ranges::any_of(strikes, [&](const auto& strike) {
      const Ledger::Shared* shared = known.FindShared(strike.first);
      return shared != nullptr && shared->rows > RowsIn(strike.second);
    });
  });
}

bool MayWriteDeletionVectors(const delta::Protocol& protocol, const delta::Metadata& metadata) {
  return std::ranges::find(protocol.writer_features, "deletionVectors") != protocol.writer_features.end() &&
         delta::IsTrue(metadata, "delta.enableDeletionVectors");
}

Result<StruckOut> StrikeOut(const TableSet& tables, const LiveLedger& ledger, const Strikes& strikes,
                            Timestamp now, ChangeRows* changed) {
  return Striking(tables, ledger, now, changed).Run(strikes);
}

}  // namespace rtl::load
