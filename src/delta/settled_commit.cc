#include "delta/settled_commit.h"

#include <fmt/format.h>

#include "delta/log_names.h"

namespace rtl::delta {
namespace {

constexpr int kAttempts = 8;
constexpr std::chrono::milliseconds kFirstPause{10};

Result<> CheckContinues(const Table& table, Version version) {
  if (version == 0) return {};
  const auto before = table.store().Head(table.DataKey("_delta_log/" + CommitName(version - 1)));
  if (before) return {};
  if (before.error().kind() != ErrorKind::kNotFound) return Fail(before.error());
  return Fail(ErrorKind::kBadData,
              fmt::format("{}: commit {} is gone from the log: the table was removed or set back meanwhile; "
                          "nothing was written",
                          table.Uri(), version - 1));
}

}  // namespace

Result<PutOutcome> PutSettledCommit(const Table& table, Version version, std::span<const Action> actions) {
  RTL_CHECK(CheckContinues(table, version));
  RTL_TRY(PutOutcome outcome, table.PutCommit(version, actions));
  std::string doubt = "its reply was lost";
  std::chrono::milliseconds pause = kFirstPause;
  for (int attempt = 0; outcome == PutOutcome::kUnknown && attempt < kAttempts; ++attempt) {
    const auto settled = table.SettleUnknown(version, actions);
    if (settled && *settled != PutOutcome::kUnknown) return *settled;
    if (settled) {
      // What is met at a second put may be the first one's bytes, so only reading back tells.
      const auto again = table.PutCommit(version, actions);
      if (again && *again == PutOutcome::kCommitted) return PutOutcome::kCommitted;
      if (!again) doubt = again.error().message();
    } else {
      doubt = settled.error().message();
    }
    table.clock().Sleep(pause);
    pause *= 2;
  }
  if (outcome != PutOutcome::kUnknown) return outcome;
  return Fail(ErrorKind::kCommitUnknown,
              fmt::format("{}: whether version {} was written could not be found out ({})", table.Uri(),
                          version, doubt));
}

}  // namespace rtl::delta
