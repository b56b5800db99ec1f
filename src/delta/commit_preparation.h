// The last look at a commit before it is put, and again before each further attempt.
#pragma once

#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "delta/conflict.h"
#include "delta/table.h"

namespace rtl::delta {

// Makes `actions` a commit that may be put as version on.version + 1: the commitInfo comes first and gets
// inCommitTimestamp where the table has it (protocol: "In-Commit Timestamps"; strictly later than the version
// before), isBlindAppend, and engineInfo, operation and timestamp where they are missing. May be called again
// on the same actions for another version.
//
// Checks what the protocol asks of the commit as a whole, beyond CheckWritable of the table as it is:
//   kUnsupported  it removes rows from an append-only table; it brings a deletion vector where
//                 delta.enableDeletionVectors is off, or changes part of a file without change data where
//                 delta.enableChangeDataFeed is on; the table as it would become is not one this library
//                 writes
//   kBadData      a file that FileRules refuse; metadata or a protocol that may not follow what is there
//   kInternal     actions that are inconsistent, or without a commitInfo.txnId
Result<> PrepareCommit(const TableState& on, const ReadSet& read, std::vector<Action>& actions,
                       Timestamp now);

}  // namespace rtl::delta
