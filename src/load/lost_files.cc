#include "load/lost_files.h"

#include <vector>

#include "core/uuid.h"
#include "delta/commit_preparation.h"
#include "load/settle_commit.h"

namespace rtl::load {

Result<> TakeOutLost(const TableSet& tables, LiveLedger& ledger, const Clock& clock) {
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Version on = ledger.version();
    const Timestamp read_at = ledger.read_at();
    const std::vector<LostFile> lost = ledger.Lost();
    if (lost.empty()) return {};
    delta::ReadSet read{.scope = delta::ReadSet::Scope::kFiles};
    std::vector<delta::Action> actions;
    actions.emplace_back(delta::CommitInfo{PlainCommitInfo("REPAIR", NewUuid(), clock.Now())});
    for (const LostFile& file : lost) {
      read.files.push_back(file.add.path);
      actions.emplace_back(delta::RemoveOf(file.add, MillisSinceEpoch(clock.Now()), true));
    }
    const auto prepared = ledger.Inspect([&](const Ledger& known) -> Result<bool> {
      if (known.version() != on) return false;
      RTL_CHECK(delta::PrepareCommit(known.state(), read, actions, clock.Now()));
      return true;
    });
    RTL_CHECK(prepared);
    if (!*prepared) continue;
    RTL_TRY(const AfterPut next, PutAndReadBack(tables.snapshot, on + 1, actions, read_at, clock));
    if (next == AfterPut::kDone) return ledger.Apply({on + 1, clock.Now(), actions}, {});
    RTL_CHECK(ledger.Refresh());
  }
  return Fail(ErrorKind::kConflict, "other writers were always first; try again when fewer files change");
}

}  // namespace rtl::load
