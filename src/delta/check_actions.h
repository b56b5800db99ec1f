// What may stand together in one commit.
#pragma once

#include <span>

#include "core/error.h"
#include "delta/actions.h"

namespace rtl::delta {

// Protocol, "Delta Log Entries" (requirements for writers): no two actions of a commit may reconcile with
// each other; "Add File and Remove File": at most one add and one remove of a path, whatever their deletion
// vectors. kBadData naming the file or app id.
Result<> CheckConsistent(std::span<const Action> actions);

// The same of what reconciliation left of several commits (protocol: "Log Compaction Files"): there a path
// may be removed more than once, with different deletion vectors.
Result<> CheckReconciled(std::span<const Action> actions);

// Whether a writer may put `actions` on top of a table with this metadata (protocol: "Append-only Tables").
// kUnsupported when they remove data from an append-only table; kInternal when they are inconsistent or lack
// a CommitInfo with a txnId. CheckWritable is asked separately.
Result<> CheckActions(const Metadata& metadata, std::span<const Action> actions);

// The txnId of the commitInfo among `actions`; empty when there is none.
std::string TxnIdOf(std::span<const Action> actions);

}  // namespace rtl::delta
