// Takes keys' rows out of files that others share: by a deletion vector where the table has them, by writing
// the file anew where it has not.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "load/ledger.h"
#include "load/live_ledger.h"
#include "load/table_set.h"

namespace rtl::load {

class ChangeRows;

// What is to be struck out of each file, by its path.
using Strikes = std::map<std::string, std::vector<RowRange>>;

struct StruckOut {
  std::vector<delta::Action> actions;  // a remove for each file, and where rows are left an add
  FileIndexes indexes;                 // of those adds
};

// On the ledger's state as it is now: the files must be there. Puts data or vector files, which are orphans
// until the actions are committed. The rows are told to `changed`, unless it is null.
Result<StruckOut> StrikeOut(const TableSet& tables, const LiveLedger& ledger, const Strikes& strikes,
                            Timestamp now, ChangeRows* changed = nullptr);

// Whether rows are left in any of the files.
bool LeavesRows(const LiveLedger& ledger, const Strikes& strikes);

// Whether new deletion vectors may be written (protocol: "Deletion Vectors").
bool MayWriteDeletionVectors(const delta::Protocol& protocol, const delta::Metadata& metadata);

}  // namespace rtl::load
