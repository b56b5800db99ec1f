// Whether a transaction may still be committed after others have: Delta's rules of optimistic concurrency, as
// pure functions on values. Nothing here reads a store. Any number of threads.
//
// A transaction was made on one version of the table; the commits that others put since are its winners. It
// conflicts with a winner that changed what it read, or changes what it changes. One that conflicts with none
// may be put behind the last winner as it is (after PrepareCommit on that state).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "delta/actions.h"

namespace rtl::delta {

enum class IsolationLevel : std::uint8_t {
  kWriteSerializable,  // another's blind append may be ordered before or after: it never conflicts
  kSerializable,       // versions read as if the transactions had run one after another
};

// Table property delta.isolationLevel; WriteSerializable where it is not set, Serializable where it is
// anything else.
IsolationLevel IsolationLevelOf(const Metadata& metadata);

// What a transaction read of the table, apart from the schema and the protocol, which everyone reads.
struct ReadSet {
  enum class Scope : std::uint8_t {
    kNothing,  // neither rows nor the list of files: what it adds would be the same on any version
    kFiles,    // the files named, and no others: files that come beside them do not matter
    kTable,    // all files, or a choice by what is in them
  };
  Scope scope = Scope::kNothing;
  std::vector<std::string> files;    // kFiles: paths, as in Add
  std::vector<std::string> app_ids;  // whose txn it relied on; those that it writes count by themselves
};

struct Transaction {
  const ReadSet& read;
  std::span<const Action> actions;
  const Protocol& protocol;  // of the version it was made on
  const Metadata& metadata;
};

// Named as Delta names its exceptions; in the order in which FindConflicts tells them.
enum class ConflictKind : std::uint8_t {
  kProtocolChanged,         // both changed it, or the new one asks for what this library does not do
  kMetadataChanged,         // both changed it, or the new one is more than new columns and harmless settings
  kConcurrentTransaction,   // another has advanced an app id that this one relied on
  kConcurrentDomain,        // both wrote one metadata domain
  kConcurrentDeleteDelete,  // a file that this one removes is gone
  kConcurrentDeleteRead,    // a file that this one read, or tells anew of, is gone
  kConcurrentAppend,        // rows have come where this one looked; or both tell anew of one file
};

struct Conflict {
  ConflictKind kind;
  std::string what;  // path, app id, domain, feature or property
};

// Every conflict of `ours` with the actions of one later commit; empty when there is none. The winners of
// several versions are asked about one by one, in order, `ours` as it was made.
std::vector<Conflict> FindConflicts(const Transaction& ours, std::span<const Action> winner);

// "ConcurrentDeleteRead: part-1.parquet was removed by another writer", for messages.
std::string ToString(const Conflict& conflict);

// Whether a commit reads nothing and only adds: the commitInfo says so, and its file actions do not
// contradict it.
bool IsBlindAppend(std::span<const Action> actions);

}  // namespace rtl::delta
