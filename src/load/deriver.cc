#include "load/deriver.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/uuid.h"
#include "delta/column_mapping.h"
#include "encode/parquet_encoder.h"
#include "load/arrow_rows.h"
#include "load/file_columns.h"
#include "load/file_records.h"

namespace rtl::load {
namespace {

// Bounds what one derived commit holds in memory; a longer lag takes several.
constexpr Version kMaxCommitsAtOnce = 500;
constexpr std::size_t kMaxEntriesAtOnce = 20'000;

using Commits = std::vector<LedgerCommit>;

template <typename Visit>
void ForEachEntry(const Commits& commits, DeriveRange range, const Visit& visit) {
  for (const LedgerCommit& commit : commits) {
    if (commit.version <= range.after || commit.version > range.upto) continue;
    for (const LedgerEntry& entry : commit.entries) visit(commit, entry);
  }
}

std::optional<std::string> Optional(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

// Columns as a table that lacks them gets them: their ids, and what binds them elsewhere, are its own matter.
std::vector<delta::Field> PlainFields(std::vector<delta::Field> fields) {
  for (delta::Field& field : fields) {
    field.nullable = true;
    field.metadata.clear();
  }
  return fields;
}

Result<std::vector<delta::Action>> RawContent(const Commits& commits, DeriveRange range,
                                              const delta::Table& table, const delta::TableState& raw,
                                              const TableSchema& snapshot, const Clock& clock) {
  std::vector<delta::Action> actions;
  RTL_TRY(auto wider, WithFields(raw.metadata.schema, PlainFields(DataFields(snapshot.metadata.schema))));
  TableSchema own{raw.protocol, raw.metadata};
  if (wider) {
    own.metadata.schema = std::move(*wider);
    RTL_CHECK(delta::MapNewColumns(own.protocol, own.metadata));
    actions.emplace_back(own.metadata);
  }
  RTL_TRY(const FittedFiles files, FittedFiles::Make(table, Role::kRaw, snapshot, own));
  std::vector<const delta::Add*> adds;
  std::string missing;
  std::set<std::string> taken;  // a packed file stands in the entry of each key in it
  ForEachEntry(commits, range, [&](const LedgerCommit& commit, const LedgerEntry& entry) {
    for (const std::string& path : entry.raw_paths) {
      if (!taken.insert(path).second) continue;
      const auto add = commit.adds.find(path);
      if (add != commit.adds.end()) {
        adds.push_back(&add->second);
      } else {
        missing =
            fmt::format("snapshot commit {} names {} for raw but does not add it", commit.version, path);
      }
    }
  });
  if (!missing.empty()) return Fail(ErrorKind::kBadData, missing);
  for (const delta::Add* add : adds) {
    delta::Add copy = *add;
    copy.modification_time_ms = MillisSinceEpoch(clock.Now());
    RTL_TRY(copy, files.Fit(std::move(copy), clock.Now()));
    actions.emplace_back(std::move(copy));
  }
  return actions;
}

Result<std::vector<delta::Action>> QuarantineContent(const Commits& commits, DeriveRange range,
                                                     const delta::Table& table,
                                                     const delta::TableState& state, const Clock& clock) {
  TableSchema plain;
  plain.metadata.schema = BaseSchema(Role::kQuarantine);
  RTL_TRY(const FittedFiles files,
          FittedFiles::Make(table, Role::kQuarantine, std::move(plain), {state.protocol, state.metadata}));
  std::vector<delta::Add> adds;
  ForEachEntry(commits, range, [&](const LedgerCommit&, const LedgerEntry& entry) {
    for (const DataFile& file : entry.quarantine_files) {
      delta::Add add;
      add.path = file.path;
      add.size = file.size;
      add.stats = file.stats;
      add.modification_time_ms = MillisSinceEpoch(clock.Now());
      adds.push_back(std::move(add));
    }
  });
  std::vector<delta::Action> actions;
  for (delta::Add& add : adds) {
    RTL_TRY(add, files.Fit(std::move(add), clock.Now()));
    actions.emplace_back(std::move(add));
  }
  return actions;
}

Result<EncodedFile> EncodeLog(const std::vector<std::pair<Version, const LedgerEntry*>>& rows,
                              const encode::EncodeOptions& options) {
  const auto entry = [&](std::size_t i) -> const LedgerEntry& { return *rows[i].second; };
  const auto action = [&](std::size_t i) -> std::string {
    if (entry(i).repeated) return std::string(ToString(EntryOutcome::kUnchanged));
    if (entry(i).outcome == EntryOutcome::kLoaded && entry(i).replaced) return "replaced";
    return std::string(ToString(entry(i).outcome));
  };
  const auto exists = [&](std::size_t i) { return entry(i).outcome != EntryOutcome::kDeleted; };
  BatchBuilder batch(rows.size());
  batch.Add(StringColumn{"file_path", [&](std::size_t i) { return std::optional(entry(i).key); }});
  batch.Add(StringColumn{"source_file", [&](std::size_t i) { return std::optional(entry(i).source_file); }});
  batch.Add(LongColumn{"file_version", [&](std::size_t i) { return std::optional(entry(i).file_version); }});
  batch.Add(StringColumn{"etag", [&](std::size_t i) { return Optional(entry(i).version.etag); }});
  batch.Add(StringColumn{"version_id", [&](std::size_t i) { return Optional(entry(i).version.version_id); }});
  batch.Add(LongColumn{
      "file_size", [&](std::size_t i) { return exists(i) ? std::optional(entry(i).size) : std::nullopt; }});
  batch.Add(TimestampColumn{"uploaded_at", [&](std::size_t i) {
                              return exists(i) ? std::optional(entry(i).uploaded_at) : std::nullopt;
                            }});
  batch.Add(
      TimestampColumn{"ingest_time", [&](std::size_t i) { return std::optional(entry(i).ingest_time); }});
  batch.Add(StringColumn{"action", [&](std::size_t i) { return std::optional(action(i)); }});
  batch.Add(LongColumn{"row_count", [&](std::size_t i) { return std::optional(entry(i).row_count); }});
  batch.Add(
      LongColumn{"rejected_count", [&](std::size_t i) { return std::optional(entry(i).rejected_count); }});
  batch.Add(LongColumn{"duration_ms", [&](std::size_t i) { return std::optional(entry(i).duration_ms); }});
  batch.Add(StringColumn{"error", [&](std::size_t i) { return Optional(entry(i).error); }});
  batch.Add(LongColumn{"snapshot_version", [&](std::size_t i) { return std::optional(rows[i].first); }});
  RTL_TRY(const auto record_batch, batch.Finish());
  return encode::EncodeBatch(*record_batch, options);
}

Result<std::vector<delta::Action>> LogContent(const Commits& commits, DeriveRange range,
                                              const delta::Table& table, const delta::TableState& state,
                                              const Clock& clock) {
  std::vector<std::pair<Version, const LedgerEntry*>> rows;
  ForEachEntry(commits, range, [&](const LedgerCommit& commit, const LedgerEntry& entry) {
    rows.emplace_back(commit.version, &entry);
  });
  std::vector<delta::Action> actions;
  if (rows.empty()) return actions;
  RTL_TRY(const FileColumns columns, FileColumnsOf(Role::kFileLog, state.protocol, state.metadata));
  RTL_TRY(const EncodedFile file, EncodeLog(rows, {.stored = columns.stored}));
  delta::Add add;
  add.path = fmt::format("log-{:020}-{}.parquet", range.upto, NewUuid());
  add.size = static_cast<std::int64_t>(file.bytes.size());
  add.stats = file.stats;
  add.modification_time_ms = MillisSinceEpoch(clock.Now());
  RTL_CHECK(table.store().Put(table.DataKey(add.path), file.bytes));
  actions.emplace_back(std::move(add));
  return actions;
}

Result<std::vector<delta::Action>> RecordsContent(const Commits& commits, DeriveRange range,
                                                  const delta::Table& table, const delta::TableState& state,
                                                  const Clock& clock) {
  std::vector<LedgerEntry> entries;
  ForEachEntry(commits, range,
               [&](const LedgerCommit&, const LedgerEntry& entry) { entries.push_back(entry); });
  return UpdateRecords(table, state, std::move(entries), clock.Now());
}

}  // namespace

Result<std::unique_ptr<Deriver>> Deriver::Open(const TableSet& set, const delta::TableState& snapshot,
                                               const Options& options, bool create, const Clock& clock) {
  const std::string app_id = DerivedAppId(snapshot.metadata);
  const delta::Txn from_now_on{app_id, snapshot.version, MillisSinceEpoch(clock.Now())};
  std::unique_ptr<Deriver> deriver(new Deriver(set, clock));
  for (const RoleTable& entry : set.derived) {
    const bool from_ledger_alone = entry.role == Role::kFileRecords || entry.role == Role::kFileLog;
    auto state = OpenOrCreate(entry.table, entry.role, options, create, clock.Now(),
                              from_ledger_alone ? std::nullopt : std::optional(from_now_on));
    // One that was switched on since the last sync is made by the next one.
    const bool to_come = !state && !create && state.error().kind() == ErrorKind::kNotFound;
    if (to_come && entry.role != Role::kFileRecords) continue;
    if (!state) return Fail(state.error());
    deriver->items_.push_back({entry.role, DerivedTable(entry.table, std::move(*state), app_id, clock)});
  }
  return deriver;
}

Version Deriver::absorbed() const {
  Version lowest = items_.empty() ? -1 : items_.front().table.absorbed();
  for (const Item& item : items_) lowest = std::min(lowest, item.table.absorbed());
  return lowest;
}

DerivedTable& Deriver::Of(Role role) {
  return std::find_if(items_.begin(), items_.end(), [&](const Item& item) { return item.role == role; })
      ->table;
}

Result<> Deriver::Derive(Version version, const TableSchema& snapshot) {
  while (absorbed() < version) {
    const Version from = absorbed();
    Version upto = std::min(version, from + kMaxCommitsAtOnce);
    std::size_t entries = 0;
    Commits commits;
    const auto read =
        set_.snapshot.ForEachCommit(from + 1, upto, [&](const delta::Commit& commit) -> Result<> {
          RTL_TRY(LedgerCommit ledger_commit, ToLedgerCommit(commit));
          entries += ledger_commit.entries.size();
          upto = commit.version;
          commits.push_back(std::move(ledger_commit));
          if (entries >= kMaxEntriesAtOnce)
            return Fail(ErrorKind::kResourceExhausted, "enough for one commit");
          return {};
        });
    if (!read && entries < kMaxEntriesAtOnce) {
      if (read.error().kind() != ErrorKind::kNotFound) return Fail(read.error());
      // Another process may have absorbed it before it was cleaned up.
      const Version absent = commits.empty() ? from + 1 : commits.back().version + 1;
      for (Item& item : items_) RTL_CHECK(item.table.Refresh());
      if (absorbed() >= absent) continue;
      return Fail(
          ErrorKind::kBadData,
          fmt::format(
              "{}: commit {} is gone from the log before the derived tables absorbed it; do not clean the "
              "snapshot's log with other programs",
              set_.snapshot.Uri(), absent));
    }
    if (commits.empty()) continue;
    for (Item& item : items_) {
      auto derived = DeriveRangeOf(item, commits, snapshot);
      if (!derived) return Fail(derived.error().Wrap(fmt::format("deriving {}", item.table.table().Uri())));
    }
  }
  return {};
}

Result<> Deriver::DeriveRangeOf(Item& item, const Commits& commits, const TableSchema& snapshot) {
  const delta::Table& table = item.table.table();
  const auto content = [&](const delta::TableState& state,
                           DeriveRange range) -> Result<std::vector<delta::Action>> {
    if (range.after + 1 < commits.front().version) {
      return Fail(ErrorKind::kInternal, fmt::format("{} went back to version {}", table.Uri(), range.after));
    }
    switch (item.role) {
      case Role::kRaw:
        return RawContent(commits, range, table, state, snapshot, clock_);
      case Role::kQuarantine:
        return QuarantineContent(commits, range, table, state, clock_);
      case Role::kFileLog:
        return LogContent(commits, range, table, state, clock_);
      case Role::kFileRecords:
        return RecordsContent(commits, range, table, state, clock_);
      case Role::kSnapshot:
        break;
    }
    return Fail(ErrorKind::kInternal, "the snapshot is not a derived table");
  };
  RTL_TRY(const auto committed, item.table.Absorb(commits.back().version, content));
  if (committed && on_commit_) on_commit_(item.role, *committed);
  return {};
}

}  // namespace rtl::load
