// The file_records table: the last ledger entry of every file, in hash buckets of the key, so that an update
// rewrites only the buckets concerned. A bucket is one Parquet file, named by its add's tag rtloader.bucket =
// "depth/prefix": it holds the keys whose hash begins with those `depth` bits. A bucket that outgrows its
// bound is split in two.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "delta/table.h"
#include "flow/data_file.h"
#include "load/ledger_entry.h"

namespace rtl::load {

struct Bucket {
  int depth = 0;             // 0 to 63 bits
  std::uint64_t prefix = 0;  // the first `depth` bits of the key's hash

  bool Holds(std::uint64_t key_hash) const { return depth == 0 || key_hash >> (64 - depth) == prefix; }
  bool operator==(const Bucket&) const = default;
};

std::string ToTag(const Bucket& bucket);
std::optional<Bucket> ParseBucket(const delta::Add& add);

inline constexpr std::int64_t kMaxBucketRows = 2000;

// Newest entry last in `entries`; only the last of a key counts.
std::vector<LedgerEntry> LastPerKey(std::vector<LedgerEntry> entries);

// Splits the rows of one bucket until each part is within kMaxBucketRows.
struct BucketRows {
  Bucket bucket;
  std::vector<LedgerEntry> rows;
};
std::vector<BucketRows> SplitBucket(Bucket bucket, std::vector<LedgerEntry> rows);

// All records of the table. kBadData, naming the file, when an add is not a bucket of ours.
Result<std::vector<LedgerEntry>> ReadRecords(const delta::Table& table, const delta::TableState& state);

// Puts new bucket files that take up `entries` and returns the removes and adds that swap them in.
Result<std::vector<delta::Action>> UpdateRecords(const delta::Table& table, const delta::TableState& state,
                                                 std::vector<LedgerEntry> entries, Timestamp now);

}  // namespace rtl::load
