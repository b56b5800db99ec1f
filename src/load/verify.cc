// The tables against the source, file by file.
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>

#include "decode/line_source.h"
#include "decode/ndjson.h"
#include "delta/table_reader.h"
#include "load/arrow_rows.h"
#include "load/file_records.h"
#include "load/loader_parts.h"
#include "load/pinned_reader.h"

namespace rtl::load {
namespace {

std::string HeldOrFailed(const LedgerEntry& last) {
  return fmt::format("{}: {}", ToString(last.outcome),
                     last.error.empty() ? "no reason recorded" : last.error);
}

bool KeepsOldRows(const LedgerEntry& last) {
  return last.outcome == EntryOutcome::kHeld || last.outcome == EntryOutcome::kFailed;
}

}  // namespace

Result<VerifyReport> LoaderParts::Verify(bool fast, std::stop_token stop) {
  VerifyReport report;
  report.fast = fast;
  if (!exist_) {
    return Fail(ErrorKind::kNotFound,
                fmt::format("there are no tables at {} yet: run sync first", tables_.Uri()));
  }
  RTL_CHECK(ledger_->Refresh());
  report.snapshot_version = ledger_->version();
  RowCounts counts;
  std::map<std::string, std::string> damaged;  // source_file -> what is wrong with its data files
  if (!fast) {
    RTL_TRY(counts, CountTableRows(damaged));
  }
  const std::vector<LostFile> lost = ledger_->Lost();
  ledger_->With([](Ledger& ledger) { ledger.BeginPass(); });
  const auto differ = [&](std::string source_file, std::string what, std::string key = {}) {
    report.differences.push_back({std::move(source_file), std::move(what), std::move(key)});
  };
  for (const LostFile& file : lost) differ(file.add.path, "a data file that cannot be read: " + file.why);
  RTL_TRY(const auto lister, source_.List(""));
  for (;;) {
    RTL_TRY(const auto page, lister->Next());
    if (page.empty()) break;
    for (const store::ObjectInfo& info : page) {
      if (stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
      const NamedObject named = NameObject(rules_, info);
      if (named.kind == NamedObject::Kind::kIgnored) continue;
      ++report.files;
      const SourceObject& object = named.object;
      if (named.kind == NamedObject::Kind::kRefused) {
        ledger_->With([&](Ledger& ledger) { return ledger.MarkSeen(object.source_file); });
        differ(object.source_file, "failed: " + named.reason);
        continue;
      }
      const bool again = ledger_->With(
          [&](Ledger& ledger) { return ledger.MarkSeen(object.source_file) == Ledger::Mark::kAgain; });
      if (again) {
        const std::string recorded = Refuse(object, {}).object.source_file;
        ledger_->With([&](Ledger& ledger) { return ledger.MarkSeen(recorded); });
        differ(object.key, fmt::format("failed: another object stands for {} already", object.source_file));
        continue;
      }
      const KeyAccount account = ledger_->Look(object.source_file).account;
      std::string difference = CompareVersion(object, account);
      if (const auto bad = damaged.find(object.source_file); bad != damaged.end()) {
        difference = "its rows cannot be read (upload the file once more with any change to load it anew): " +
                     bad->second;
      }
      if (difference.empty() && !fast) {
        RTL_TRY(difference, CompareContent(object, account, counts, report.rows));
      } else if (const auto tag = RowsTag(account); difference.empty() && tag) {
        report.rows += tag->rows;
      }
      if (!difference.empty()) differ(object.source_file, std::move(difference), object.key);
    }
  }
  for (const Ledger::KnownFile& file :
       ledger_->With([&](Ledger& ledger) { return ledger.Unseen(EveryFile, ledger.version()); })) {
    // A duplicate that is one no more leaves an entry without rows until the next sync.
    differ(file.source_file, "in the tables, but not in the source",
           file.key.empty() ? file.source_file : file.key);
  }
  RTL_CHECK(CompareRecords(report));
  std::sort(report.differences.begin(), report.differences.end(),
            [](const Difference& a, const Difference& b) { return a.source_file < b.source_file; });
  return report;
}

// Empty when the ledger stands at the object's version and the rows it promises are there.
std::string LoaderParts::CompareVersion(const SourceObject& object, const KeyAccount& account) const {
  if (!account.last) return "missing in the tables";
  const LedgerEntry& last = *account.last;
  if (last.outcome == EntryOutcome::kDeleted) return "deleted in the tables, but in the source";
  // A listing of a versioned bucket tells no version_id.
  const bool unnamed = object.version.version_id.empty() && !last.version.version_id.empty();
  const bool same = unnamed ? last.version.etag == object.version.etag && last.size == object.size
                            : last.version.Name() == object.version.Name();
  if (!same) {
    return fmt::format("version {} in the source, {} in the tables", object.version.Name(),
                       unnamed ? last.version.etag : last.version.Name());
  }
  if (KeepsOldRows(last)) return HeldOrFailed(last);
  if (!Explains(account)) {
    const auto rows_tag = RowsTag(account);
    return fmt::format("the ledger says {} rows of file_version {}, the snapshot has {} of {}",
                       last.row_count, last.file_version, rows_tag ? rows_tag->rows : 0,
                       rows_tag ? std::to_string(rows_tag->file_version) : "none");
  }
  if (!account.files.empty()) {
    const auto tag = RowsTag(account);
    if (!tag) return "its data files do not agree on their version";
    if (tag->rows != last.row_count) {
      return fmt::format("rows: {} in the ledger, {} in the tags of the snapshot", last.row_count, tag->rows);
    }
  }
  return {};
}

Result<std::string> LoaderParts::CompareContent(const SourceObject& object, const KeyAccount& account,
                                                const RowCounts& counts, std::int64_t& rows) {
  ContentHash hash;
  auto in_source = CountSourceRows(object, hash);
  if (!in_source) {
    const ErrorKind kind = in_source.error().kind();
    if (kind == ErrorKind::kInternal || kind == ErrorKind::kCancelled) return Fail(in_source.error());
    return fmt::format("cannot be read now: {}", in_source.error().message());
  }
  const auto tag = RowsTag(account);
  const std::optional<ContentHash> loaded = tag ? std::optional(tag->hash) : account.last->hash;
  if (loaded != hash) return std::string("the content differs from what was loaded");
  std::int64_t in_table = 0;
  if (tag) {
    const auto count = counts.find({object.source_file, tag->file_version});
    if (count != counts.end()) in_table = count->second;
  }
  rows += in_table;
  if (in_table != *in_source) {
    return fmt::format("rows: {} in the source, {} in the snapshot", *in_source, in_table);
  }
  return std::string();
}

Result<std::int64_t> LoaderParts::CountSourceRows(const SourceObject& object, ContentHash& hash) {
  PinnedReader reader(source_, object, source_.Traits().read_bytes);
  decode::SliceOptions slices;
  slices.max_line_bytes = options_.max_line_bytes;
  slices.max_decompressed_bytes = options_.max_decompressed_bytes;
  decode::LineSource lines([&] { return reader.Next(); }, slices);
  decode::NdjsonOptions ndjson;
  ndjson.pinned = options_.pinned_columns;
  const auto columns = ledger_->columns();
  ndjson.known = columns->data;
  ndjson.required = columns->required;
  ndjson.max_columns = options_.max_columns;
  std::int64_t rows = 0;
  for (;;) {
    RTL_TRY(const auto slice, lines.Next());
    if (!slice) break;
    RTL_TRY(const DecodedSlice decoded, decode::DecodeNdjson(slice->bytes, ndjson));
    rows += decoded.row_count;
  }
  for (;;) {
    RTL_TRY(const std::string rest, reader.Next());
    if (rest.empty()) break;
  }
  hash = reader.hash();
  return rows;
}

Result<LoaderParts::RowCounts> LoaderParts::CountTableRows(
    std::map<std::string, std::string>& damaged) const {
  RTL_TRY(const delta::TableState state, set_.snapshot.Load(ledger_->version()));
  const std::vector<LostFile> lost = ledger_->Lost();
  RowCounts counts;
  delta::ReadOptions columns;
  columns.columns = {"source_file", "file_version"};
  const auto counted = state.files.ForEach([&](const delta::Add& add) -> Result<> {
    const auto read = delta::ReadDataFile(
        set_.snapshot, state, add, columns, [&](const arrow::RecordBatch& batch) -> Result<> {
          const BatchReader reader(batch);
          std::pair<std::string, std::int64_t> key;
          std::int64_t* count = nullptr;
          for (std::int64_t row = 0; row < reader.rows(); ++row) {
            const std::string source_file = reader.Text("source_file", row).value_or("");
            const std::int64_t file_version = reader.Long("file_version", row).value_or(0);
            if (count == nullptr || key.first != source_file || key.second != file_version) {
              key = {source_file, file_version};
              count = &counts[key];
            }
            ++*count;
          }
          return {};
        });
    if (read) return {};
    const ErrorKind kind = read.error().kind();
    const auto tag = ParseTags(add.tags);
    if (kind != ErrorKind::kNotFound && kind != ErrorKind::kBadData) return Fail(read.error());
    if (tag) damaged[tag->source_file] = read.error().message();
    if (!tag &&
        std::ranges::find(lost, add.path, [](const LostFile& file) { return file.add.path; }) == lost.end()) {
      return Fail(read.error());
    }
    return {};
  });
  RTL_CHECK(counted);
  return counts;
}

// file_records must say what the ledger says, once they have absorbed it.
Result<> LoaderParts::CompareRecords(VerifyReport& report) {
  const delta::Table& table = *set_.Find(Role::kFileRecords);
  RTL_TRY(const delta::TableState state, table.Load());
  const auto txn = state.txns.find(DerivedAppId(ledger_->metadata()));
  if (txn == state.txns.end() || txn->second.version != report.snapshot_version) return {};
  RTL_TRY(const std::vector<LedgerEntry> records, ReadRecords(table, state));
  std::map<std::string, const LedgerEntry*> by_file;
  for (const LedgerEntry& record : records) {
    if (!by_file.emplace(record.source_file, &record).second) {
      report.differences.push_back({record.source_file, "stands twice in file_records"});
    }
  }
  ledger_->With([&](Ledger& ledger) {
    ledger.ForEach([&](const std::string& source_file, const LedgerEntry* last, bool) {
      if (last == nullptr) return;
      const auto record = by_file.find(source_file);
      if (record == by_file.end()) {
        report.differences.push_back({source_file, "missing in file_records", {}});
      } else if (record->second->file_version != last->file_version ||
                 record->second->row_count != last->row_count || record->second->outcome != last->outcome) {
        report.differences.push_back({source_file, "file_records say something else than the ledger", {}});
      }
    });
  });
  return {};
}

}  // namespace rtl::load
