#include "load/repack.h"

#include <arrow/array/array_binary.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "core/hash.h"
#include "core/json_writer.h"
#include "core/uuid.h"
#include "delta/commit_preparation.h"
#include "delta/deletion_vector_file.h"
#include "delta/reconcile.h"
#include "delta/table_reader.h"
#include "delta/wide_bounds.h"
#include "encode/table_file.h"
#include "load/repack_inputs.h"
#include "load/settle_commit.h"
#include "load/strike_out.h"

namespace rtl::load {
namespace {

constexpr std::size_t kOwnColumns = 4;

using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;
// Rows by key; those without a source_file stand under nullopt.
using RowsByKey = std::map<std::optional<std::string>, Batches>;

// A new file, and what becomes of it when keys in it are replaced before it is committed.
struct NewFile {
  delta::Add add;
  FileIndex index;          // of a shared file
  std::string source_file;  // of a file of one key
  std::int64_t rows = 0;
  bool is_of_others = false;  // its rows are no customer's file's
};

// Of one key's own files.
struct KeyTotals {
  std::int64_t files = 0;
  std::int64_t rows = 0;
};

bool HasFiles(const std::vector<delta::Action>& actions) {
  return std::ranges::any_of(actions, [](const delta::Action& action) {
    return std::holds_alternative<delta::Add>(action) || std::holds_alternative<delta::Remove>(action);
  });
}

class Repacking {
 public:
  Repacking(const TableSet& tables, LiveLedger& ledger, const RepackOptions& options, const Clock& clock,
            const std::stop_token& stop)
      : tables_(tables), ledger_(ledger), options_(options), clock_(clock), stop_(stop) {}

  // `inputs` in the order in which their rows are to be read. `layout`: to be made the table's along with it.
  Result<RepackReport> Run(const std::vector<RepackInput>& inputs, std::string_view operation,
                           std::optional<Layout> layout) {
    ledger_.Inspect([&](const Ledger& ledger) {
      state_.protocol = ledger.state().protocol;
      state_.metadata = ledger.state().metadata;
      return 0;
    });
    columns_ = ledger_.columns();
    RowsByKey rows;
    std::int64_t gathered = 0;
    for (const RepackInput& input : inputs) {
      if (stop_.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
      RTL_CHECK(Read(input.add, rows));
      report_.bytes_before += input.add.size;
      gathered += input.add.size;
      if (gathered < options_.target_bytes) continue;
      RTL_CHECK(Write(std::exchange(rows, {})));
      gathered = 0;
    }
    RTL_CHECK(Write(rows));
    while (!putting_.empty()) RTL_CHECK(AwaitPut());
    report_.files_before = static_cast<std::int64_t>(inputs.size());
    report_.files_after = static_cast<std::int64_t>(made_.size());
    if (inputs.empty() && !layout) return report_;
    return Commit(inputs, operation, layout);
  }

 private:
  Result<> Read(const delta::Add& input, RowsByKey& rows) {
    const auto read = delta::ReadDataFile(
        tables_.snapshot, state_, input, {},
        [&](const arrow::RecordBatch& batch) -> Result<> { return TakeRuns(batch, rows); });
    if (!read) return Fail(read.error().Wrap(input.path));
    return {};
  }

  // Rows of one key that follow one another are taken as they are.
  static Result<> TakeRuns(const arrow::RecordBatch& batch, RowsByKey& rows) {
    const auto column = batch.GetColumnByName("source_file");
    if (!column || column->type_id() != arrow::Type::STRING) {
      return Fail(ErrorKind::kUnsupported, "source_file has been given another type");
    }
    const auto& keys = static_cast<const arrow::StringArray&>(*column);
    const auto same = [&](std::int64_t a, std::int64_t b) {
      if (keys.IsNull(a) || keys.IsNull(b)) return keys.IsNull(a) && keys.IsNull(b);
      return keys.GetView(a) == keys.GetView(b);
    };
    for (std::int64_t first = 0; first < batch.num_rows();) {
      std::int64_t end = first + 1;
      while (end < batch.num_rows() && same(first, end)) ++end;
      const auto key = keys.IsNull(first) ? std::nullopt : std::optional<std::string>(keys.GetView(first));
      rows[key].push_back(batch.Slice(first, end - first));
      first = end;
    }
    return {};
  }

  // A file of its own, or a packed one, would make the rows ours; those that another program gave a name that
  // no customer's file ever had are left to it.
  bool IsOurs(const std::string& key) const {
    const KeyAccount account = ledger_.Inspect([&](const Ledger& ledger) { return ledger.Account(key); });
    return account.last ||
           std::ranges::any_of(account.files, [](const auto& file) { return file.tag.has_value(); });
  }

  Result<> Write(const RowsByKey& rows) {
    std::unique_ptr<encode::TableFile> file;
    NewFile made;
    FileIndexBuilder index;
    const auto finish = [&](const std::optional<std::string>& alone) -> Result<> {
      if (!file) return {};
      RTL_TRY(EncodedFile encoded, file->Finish());
      file.reset();
      made.index = std::exchange(index, {}).Finish();
      return Put(std::exchange(made, {}), std::move(encoded), alone);
    };
    const auto append = [&](const Batches& batches) -> Result<> {
      for (const auto& batch : batches) {
        if (!file) {
          RTL_TRY(file,
                  encode::TableFile::Create(batch->schema(), kOwnColumns, {.stored = columns_->stored}));
        }
        RTL_CHECK(AddRows(*batch, file->rows(), index));
        RTL_CHECK(file->Write(*batch));
      }
      return {};
    };
    std::vector<const Batches*> of_others;
    for (const auto& [key, batches] : rows) {
      if (!key || !IsOurs(*key)) {
        of_others.push_back(&batches);
        continue;
      }
      RTL_CHECK(append(batches));
      const bool alone = options_.to == Layout::kPerFile;
      if (alone || file->bytes() >= options_.target_bytes) RTL_CHECK(finish(alone ? key : std::nullopt));
    }
    RTL_CHECK(finish(std::nullopt));
    made.is_of_others = true;
    for (const Batches* batches : of_others) RTL_CHECK(append(*batches));
    return finish(std::nullopt);
  }

  Result<> Put(NewFile made, EncodedFile encoded, const std::optional<std::string>& alone) {
    made.rows = encoded.rows;
    report_.rows += encoded.rows;
    report_.bytes_after += static_cast<std::int64_t>(encoded.bytes.size());
    if (alone) {
      made.source_file = *alone;
      made.add.path = fmt::format("{:08x}-{}.parquet", HashKey(*alone) >> 32, NewUuid());
    } else {
      made.add.path = fmt::format("packed-{}.parquet", NewUuid());
      if (options_.to == Layout::kPacked && !made.is_of_others) made.add.tags = {{kPackedTag, "1"}};
    }
    made.add.size = static_cast<std::int64_t>(encoded.bytes.size());
    made.add.modification_time_ms = MillisSinceEpoch(clock_.Now());
    made.add.data_change = false;
    made.add.stats = encoded.stats;
    // Disks and networks take several at once; one small file after another would wait for each.
    constexpr std::size_t kAtOnce = 8;
    if (putting_.size() == kAtOnce) RTL_CHECK(AwaitPut());
    putting_.push_back(std::async(
        std::launch::async, [this, path = made.add.path, bytes = std::move(encoded.bytes)]() -> Result<> {
          const delta::Table& table = tables_.snapshot;
          auto put = table.store().Put(table.DataKey(path), bytes);
          if (!put) return Fail(put.error().Wrap(fmt::format("writing {} into {}", path, table.Uri())));
          return put;
        }));
    made_.push_back(std::move(made));
    return {};
  }

  Result<> AwaitPut() {
    auto put = putting_.front().get();
    putting_.pop_front();
    return put;
  }

  Result<RepackReport> Commit(const std::vector<RepackInput>& inputs, std::string_view operation,
                              std::optional<Layout> layout) {
    constexpr int kAttempts = 100;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (stop_.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
      const Version on = ledger_.version();
      const Timestamp read_at = ledger_.read_at();
      FileIndexes indexes;
      RTL_TRY(auto actions, MakeActions(inputs, operation, layout, indexes));
      if (!layout && !HasFiles(actions)) return RepackReport();  // another was first with all of it
      RTL_TRY(const bool is_current, PrepareOn(on, inputs, actions));
      if (!is_current) continue;
      RTL_TRY(const AfterPut next, PutAndReadBack(tables_.snapshot, on + 1, actions, read_at, clock_));
      if (next == AfterPut::kDone) {
        RTL_CHECK(ledger_.Apply({on + 1, clock_.Now(), actions}, indexes));
        report_.version = on + 1;
        return report_;
      }
      RTL_CHECK(ledger_.Refresh());
    }
    return Fail(ErrorKind::kConflict, "other writers were always first; try again when fewer files change");
  }

  // False: the ledger has moved on from version `on`.
  Result<bool> PrepareOn(Version on, const std::vector<RepackInput>& inputs,
                         std::vector<delta::Action>& actions) const {
    delta::ReadSet read{.scope = delta::ReadSet::Scope::kFiles};
    for (const RepackInput& input : inputs) read.files.push_back(input.add.path);
    return ledger_.Inspect([&](const Ledger& ledger) -> Result<bool> {
      if (ledger.version() != on) return false;
      RTL_CHECK(delta::PrepareCommit(ledger.state(), read, actions, clock_.Now()));
      return true;
    });
  }

  // The files stand in the table as it is now only if its columns are stored as they were.
  Result<> CheckColumns() const {
    const auto now = ledger_.columns();
    if (now == columns_ || (!now->stored && !columns_->stored)) return {};
    if (now->HoldsAsStored(columns_->stored.get(), ColumnsOfFile(DataFields(state_.metadata.schema))))
      return {};
    return Fail(ErrorKind::kConflict,
                "another program changed the table's columns meanwhile: run this again");
  }

  Result<std::vector<delta::Action>> MakeActions(const std::vector<RepackInput>& inputs,
                                                 std::string_view operation, std::optional<Layout> layout,
                                                 FileIndexes& indexes) const {
    std::vector<delta::Action> actions;
    actions.emplace_back(delta::CommitInfo{PlainCommitInfo(operation, NewUuid(), clock_.Now())});
    if (layout) {  // on the schema and the properties as they are now
      std::ranges::move(ledger_.Inspect([&](const Ledger& ledger) {
        return LayoutActions(*layout, ledger.state().protocol, ledger.state().metadata);
      }),
                        std::back_inserter(actions));
    }
    RTL_CHECK(CheckColumns());
    const auto taken_out = ledger_.Inspect(
        [&](const Ledger& ledger) { return TakeOutInputs(inputs, ledger, clock_.Now(), actions); });
    RTL_TRY(const std::set<std::string> changed, taken_out);
    delta::DeletionVectorFile vectors;
    std::map<std::string_view, KeyTotals> totals;
    for (const NewFile& made : made_) {
      if (made.source_file.empty()) continue;
      KeyTotals& of_key = totals[made.source_file];
      ++of_key.files;
      of_key.rows += made.rows;
    }
    for (const NewFile& made : made_) {
      if (!made.source_file.empty()) {
        if (!changed.contains(made.source_file)) {
          actions.emplace_back(Tagged(made, totals.at(made.source_file)));
        }
        continue;
      }
      RTL_TRY(auto add, StruckOut(made, changed, vectors, indexes));
      if (add) actions.emplace_back(std::move(*add));
    }
    if (!vectors.empty()) {
      const delta::Table& table = tables_.snapshot;
      RTL_CHECK(table.store().Put(table.DataKey(vectors.path()), vectors.bytes()));
    }
    return actions;
  }

  // The add of a file of one key, which says of its rows what is known of them.
  delta::Add Tagged(const NewFile& made, KeyTotals totals) const {
    const KeyAccount account =
        ledger_.Inspect([&](const Ledger& ledger) { return ledger.Account(made.source_file); });
    for (const OwnedFile& file : account.files) {  // those of its own that stay
      if (!file.tag) continue;
      ++totals.files;
      totals.rows += file.tag->file_rows >= 0 ? file.tag->file_rows : 0;
    }
    FileTag tag = RowsTag(account).value_or(FileTag{});
    tag.source_file = made.source_file;
    tag.file_version = made.index.members.front().file_version;
    tag.rows = totals.rows;
    tag.files = totals.files;
    tag.file_rows = made.rows;
    delta::Add add = made.add;
    add.tags = ToTags(tag);
    return add;
  }

  // The add of a shared file without the rows of keys that were replaced meanwhile; nullopt when none is
  // left.
  Result<std::optional<delta::Add>> StruckOut(const NewFile& made, const std::set<std::string>& changed,
                                              delta::DeletionVectorFile& vectors,
                                              FileIndexes& indexes) const {
    FileIndex left;
    left.rows = made.index.rows;
    std::vector<RowRange> struck;
    for (const FileIndex::Member& member : made.index.members) {
      if (changed.contains(member.source_file)) {
        struck.insert(struck.end(), member.ranges.begin(), member.ranges.end());
      } else {
        left.members.push_back(member);
      }
    }
    left.rows -= RowsIn(struck);
    if (left.rows == 0) return std::optional<delta::Add>();
    delta::Add add = made.add;
    if (!struck.empty()) {
      delta::DeletionVector gone;
      for (const RowRange& range : struck) gone.AddRange(range.first, range.count);
      RTL_TRY(add.deletion_vector, vectors.Add(gone));
      RTL_TRY(add.stats, delta::WithWideBounds(tables_.snapshot, add));
    }
    indexes.emplace(delta::LogicalFileKey(add), std::move(left));
    return std::optional(std::move(add));
  }

  const TableSet& tables_;
  LiveLedger& ledger_;
  const RepackOptions& options_;
  const Clock& clock_;
  const std::stop_token& stop_;
  delta::TableState state_;                     // the table's columns when the rows were read
  std::shared_ptr<const FileColumns> columns_;  // the same
  std::vector<NewFile> made_;
  RepackReport report_;
  std::deque<std::future<Result<>>> putting_;  // last: they use what is above
};

}  // namespace

Result<RepackReport> ConvertLayout(const TableSet& tables, LiveLedger& ledger, const RepackOptions& options,
                                   const Clock& clock, const std::stop_token& stop) {
  RTL_CHECK(ledger.Refresh());
  std::optional<Layout> layout;
  const auto inputs = ledger.Inspect([&](const Ledger& known) {
    if (LayoutOf(known.state().metadata) != options.to) layout = options.to;
    return InputsOfConversion(known, options.to);
  });
  return Repacking(tables, ledger, options, clock, stop).Run(inputs, "CONVERT LAYOUT", layout);
}

Result<RepackReport> CompactPacked(const TableSet& tables, LiveLedger& ledger, const RepackOptions& options,
                                   const Clock& clock, const std::stop_token& stop) {
  RTL_CHECK(ledger.Refresh());
  RepackOptions packed = options;
  packed.to = Layout::kPacked;
  const auto inputs = ledger.Inspect([&](const Ledger& known) { return WorthCompacting(known, packed); });
  if (inputs.empty()) return RepackReport();
  return Repacking(tables, ledger, packed, clock, stop).Run(inputs, "OPTIMIZE", std::nullopt);
}

}  // namespace rtl::load
