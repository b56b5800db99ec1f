// What a table amounts to at one version, kept beside its commit so that a log that was tampered with, or a
// checkpoint that is not what its name says, is noticed (protocol: "Version Checksum File").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "delta/actions.h"
#include "delta/table.h"

namespace rtl::delta {

struct VersionChecksum {
  std::string txn_id;  // of the commit; empty when absent
  std::int64_t table_size_bytes = 0;
  std::int64_t num_files = 0;
  std::int64_t num_metadata = 1;
  std::int64_t num_protocol = 1;
  std::optional<std::int64_t> in_commit_timestamp_ms;
  std::optional<std::vector<Txn>> txns;
  std::optional<std::vector<DomainMetadata>> domains;
  Metadata metadata;
  Protocol protocol;
};

// kBadData when it is not one: such a file says nothing, and must not be believed.
Result<VersionChecksum> ParseChecksum(std::string_view bytes);
std::string ToChecksumBytes(const VersionChecksum& checksum);

// How many files a state has and what they sum up to.
struct FileTotals {
  std::int64_t files = 0;
  std::int64_t bytes = 0;
};

// The checksum of a state, whose own `files` are not looked at. Transactions and domains are left out where
// there are more than 100 of them: the file is written with every commit.
VersionChecksum ChecksumOf(const TableState& state, FileTotals totals, std::string_view txn_id);

// Puts it beside the commit of that version, unless one is there already. A failure is of no consequence to
// the table.
Result<> PutChecksum(const Table& table, Version version, const VersionChecksum& checksum);

// Protocol: "State Validation", of the required fields. kBadData naming what differs and both values.
Result<> CheckAgainst(const VersionChecksum& checksum, const TableState& state, FileTotals totals);

}  // namespace rtl::delta
