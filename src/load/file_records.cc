#include "load/file_records.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>

#include "core/hash.h"
#include "core/uuid.h"
#include "delta/table_reader.h"
#include "encode/parquet_encoder.h"
#include "load/arrow_rows.h"
#include "load/file_columns.h"

namespace rtl::load {
namespace {

constexpr const char* kBucketTag = "rtloader.bucket";

std::optional<std::string> Optional(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

Result<EncodedFile> Encode(const std::vector<LedgerEntry>& rows, const encode::EncodeOptions& options) {
  const auto read = [&](std::optional<Timestamp> value, const LedgerEntry& entry) {
    return entry.outcome == EntryOutcome::kDeleted ? std::nullopt : value;
  };
  BatchBuilder batch(rows.size());
  batch.Add(StringColumn{"file_id", [&](std::size_t i) { return std::optional(rows[i].source_file); }});
  batch.Add(StringColumn{"file_path", [&](std::size_t i) { return std::optional(rows[i].key); }});
  batch.Add(
      TimestampColumn{"uploaded_at", [&](std::size_t i) { return read(rows[i].uploaded_at, rows[i]); }});
  batch.Add(LongColumn{"file_version", [&](std::size_t i) { return std::optional(rows[i].file_version); }});
  batch.Add(
      LongColumn{"highest_version", [&](std::size_t i) { return std::optional(rows[i].highest_version); }});
  batch.Add(LongColumn{"file_size", [&](std::size_t i) { return std::optional(rows[i].size); }});
  batch.Add(StringColumn{"etag", [&](std::size_t i) { return Optional(rows[i].version.etag); }});
  batch.Add(StringColumn{"version_id", [&](std::size_t i) { return Optional(rows[i].version.version_id); }});
  batch.Add(StringColumn{"content_hash", [&](std::size_t i) {
                           return rows[i].hash ? std::optional(ToHex(*rows[i].hash)) : std::nullopt;
                         }});
  batch.Add(LongColumn{"row_count", [&](std::size_t i) { return std::optional(rows[i].row_count); }});
  batch.Add(
      LongColumn{"rejected_count", [&](std::size_t i) { return std::optional(rows[i].rejected_count); }});
  batch.Add(StringColumn{
      "status", [&](std::size_t i) { return std::optional(std::string(ToString(rows[i].outcome))); }});
  batch.Add(StringColumn{"error", [&](std::size_t i) { return Optional(rows[i].error); }});
  batch.Add(TimestampColumn{"loaded_at", [&](std::size_t i) { return std::optional(rows[i].ingest_time); }});
  batch.Add(BooleanColumn{"settled", [&](std::size_t i) { return std::optional(rows[i].version.settled); }});
  batch.Add(BooleanColumn{"transient", [&](std::size_t i) { return std::optional(rows[i].transient); }});
  batch.Add(StringColumn{"settings", [&](std::size_t i) { return Optional(rows[i].settings); }});
  RTL_TRY(const auto record_batch, batch.Finish());
  return encode::EncodeBatch(*record_batch, options);
}

std::optional<EntryOutcome> ParseOutcome(std::string_view text) {
  for (const EntryOutcome outcome : {EntryOutcome::kLoaded, EntryOutcome::kUnchanged, EntryOutcome::kDeleted,
                                     EntryOutcome::kHeld, EntryOutcome::kFailed}) {
    if (ToString(outcome) == text) return outcome;
  }
  return std::nullopt;
}

Result<> ReadBucket(const delta::Table& table, const delta::TableState& state, const delta::Add& add,
                    std::vector<LedgerEntry>& out) {
  return delta::ReadDataFile(table, state, add, {}, [&](const arrow::RecordBatch& batch) -> Result<> {
    const BatchReader reader(batch);
    for (std::int64_t row = 0; row < reader.rows(); ++row) {
      LedgerEntry entry;
      const auto outcome = ParseOutcome(reader.Text("status", row).value_or(""));
      const auto id = reader.Text("file_id", row);
      if (!id || !outcome)
        return Fail(ErrorKind::kBadData, fmt::format("{}: a record without id or status", add.path));
      entry.source_file = *id;
      entry.outcome = *outcome;
      entry.key = reader.Text("file_path", row).value_or("");
      entry.version = {reader.Text("etag", row).value_or(""), reader.Text("version_id", row).value_or(""),
                       reader.Boolean("settled", row).value_or(true)};
      entry.size = reader.Long("file_size", row).value_or(0);
      entry.uploaded_at = FromMicros(reader.Long("uploaded_at", row).value_or(0));
      ContentHash hash;
      if (FromHex(reader.Text("content_hash", row).value_or(""), hash)) entry.hash = hash;
      entry.file_version = reader.Long("file_version", row).value_or(0);
      entry.highest_version = reader.Long("highest_version", row).value_or(0);
      entry.row_count = reader.Long("row_count", row).value_or(0);
      entry.rejected_count = reader.Long("rejected_count", row).value_or(0);
      entry.error = reader.Text("error", row).value_or("");
      entry.ingest_time = FromMicros(reader.Long("loaded_at", row).value_or(0));
      entry.transient = reader.Boolean("transient", row).value_or(false);
      entry.settings = reader.Text("settings", row).value_or("");
      out.push_back(std::move(entry));
    }
    return {};
  });
}

Result<Bucket> OwnBucket(const delta::Table& table, const delta::Add& add) {
  if (const auto bucket = ParseBucket(add)) return *bucket;
  return Fail(ErrorKind::kBadData,
              fmt::format("{}: data file {} was not written by rtloader", table.Uri(), add.path));
}

}  // namespace

std::string ToTag(const Bucket& bucket) {
  return fmt::format("{}/{}", bucket.depth, bucket.prefix);
}

std::optional<Bucket> ParseBucket(const delta::Add& add) {
  const auto tag = add.tags.find(kBucketTag);
  if (tag == add.tags.end()) return std::nullopt;
  const std::string& text = tag->second;
  Bucket bucket;
  const char* end = text.data() + text.size();
  const auto depth = std::from_chars(text.data(), end, bucket.depth);
  if (depth.ec != std::errc() || depth.ptr == end || *depth.ptr != '/') return std::nullopt;
  const auto prefix = std::from_chars(depth.ptr + 1, end, bucket.prefix);
  if (prefix.ec != std::errc() || prefix.ptr != end || bucket.depth < 0 || bucket.depth > 63)
    return std::nullopt;
  return bucket;
}

std::vector<LedgerEntry> LastPerKey(std::vector<LedgerEntry> entries) {
  std::unordered_map<std::string, std::size_t> last;
  for (std::size_t i = 0; i < entries.size(); ++i) last[entries[i].source_file] = i;
  std::vector<LedgerEntry> kept;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (last[entries[i].source_file] == i) kept.push_back(std::move(entries[i]));
  }
  return kept;
}

std::vector<BucketRows> SplitBucket(Bucket bucket, std::vector<LedgerEntry> rows) {
  if (static_cast<std::int64_t>(rows.size()) <= kMaxBucketRows || bucket.depth == 63) {
    std::vector<BucketRows> whole;
    if (!rows.empty()) whole.push_back({bucket, std::move(rows)});
    return whole;
  }
  std::vector<LedgerEntry> halves[2];
  for (LedgerEntry& row : rows) {
    const std::uint64_t bit = HashKey(row.source_file) >> (63 - bucket.depth) & 1;
    halves[bit].push_back(std::move(row));
  }
  std::vector<BucketRows> parts;
  for (std::uint64_t bit = 0; bit < 2; ++bit) {
    const Bucket half{bucket.depth + 1, bucket.prefix << 1 | bit};
    for (BucketRows& part : SplitBucket(half, std::move(halves[bit]))) parts.push_back(std::move(part));
  }
  return parts;
}

Result<std::vector<LedgerEntry>> ReadRecords(const delta::Table& table, const delta::TableState& state) {
  std::vector<LedgerEntry> records;
  const auto read = state.files.ForEach([&](const delta::Add& add) -> Result<> {
    RTL_CHECK(OwnBucket(table, add));
    return ReadBucket(table, state, add, records);
  });
  RTL_CHECK(read);
  return records;
}

Result<std::vector<delta::Action>> UpdateRecords(const delta::Table& table, const delta::TableState& state,
                                                 std::vector<LedgerEntry> entries, Timestamp now) {
  struct Existing {
    Bucket bucket;
    delta::Add add;
    std::vector<LedgerEntry> updates;
  };
  // Buckets do not overlap: ordered by the first hash they hold, the last one not after a hash holds it, or
  // none does.
  std::map<std::uint64_t, Existing> buckets;
  const auto own = state.files.ForEach([&](const delta::Add& add) -> Result<> {
    RTL_TRY(const Bucket bucket, OwnBucket(table, add));
    const std::uint64_t first = bucket.depth == 0 ? 0 : bucket.prefix << (64 - bucket.depth);
    buckets[first] = {bucket, add, {}};
    return {};
  });
  RTL_CHECK(own);
  std::vector<LedgerEntry> homeless;
  for (LedgerEntry& entry : LastPerKey(std::move(entries))) {
    const std::uint64_t hash = HashKey(entry.source_file);
    auto next = buckets.upper_bound(hash);
    if (next != buckets.begin() && std::prev(next)->second.bucket.Holds(hash)) {
      std::prev(next)->second.updates.push_back(std::move(entry));
    } else {
      homeless.push_back(std::move(entry));
    }
  }

  std::vector<delta::Action> actions;
  std::vector<BucketRows> parts;
  for (auto& [first, existing] : buckets) {
    if (existing.updates.empty()) continue;
    std::vector<LedgerEntry> rows;
    RTL_CHECK(ReadBucket(table, state, existing.add, rows));
    rows.insert(rows.end(), std::make_move_iterator(existing.updates.begin()),
                std::make_move_iterator(existing.updates.end()));
    actions.push_back(delta::RemoveOf(existing.add, MillisSinceEpoch(now), true));
    for (BucketRows& part : SplitBucket(existing.bucket, LastPerKey(std::move(rows))))
      parts.push_back(std::move(part));
  }
  // Keys whose part of the hash space has no bucket: the smallest space around them that overlaps none. An
  // empty table has one bucket for all.
  std::map<std::pair<int, std::uint64_t>, std::vector<LedgerEntry>> fresh;
  for (LedgerEntry& entry : homeless) {
    const std::uint64_t hash = HashKey(entry.source_file);
    Bucket bucket;
    const auto overlaps = [&] {
      for (const auto& [first, existing] : buckets) {
        if (bucket.Holds(first)) return true;
      }
      return false;
    };
    while (bucket.depth < 63 && overlaps()) {
      ++bucket.depth;
      bucket.prefix = hash >> (64 - bucket.depth);
    }
    fresh[{bucket.depth, bucket.prefix}].push_back(std::move(entry));
  }
  for (auto& [where, rows] : fresh) {
    for (BucketRows& part : SplitBucket({where.first, where.second}, std::move(rows)))
      parts.push_back(std::move(part));
  }

  RTL_TRY(const FileColumns columns, FileColumnsOf(Role::kFileRecords, state.protocol, state.metadata));
  for (const BucketRows& part : parts) {
    RTL_TRY(const EncodedFile file, Encode(part.rows, {.stored = columns.stored}));
    delta::Add add;
    add.path = fmt::format("bucket-{}-{}-{}.parquet", part.bucket.depth, part.bucket.prefix, NewUuid());
    add.size = static_cast<std::int64_t>(file.bytes.size());
    add.modification_time_ms = MillisSinceEpoch(now);
    add.stats = file.stats;
    add.tags[kBucketTag] = ToTag(part.bucket);
    RTL_CHECK(table.store().Put(table.DataKey(add.path), file.bytes));
    actions.push_back(std::move(add));
  }
  return actions;
}

}  // namespace rtl::load
