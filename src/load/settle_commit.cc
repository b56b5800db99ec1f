#include "load/settle_commit.h"

#include <fmt/format.h>

namespace rtl::load {
namespace {

constexpr int kAttempts = 8;
constexpr std::chrono::milliseconds kFirstPause{5};

}  // namespace

Result<AfterPut> PutAndReadBack(const delta::Table& table, Version version,
                                std::span<const delta::Action> actions, Timestamp state_read_at,
                                const Clock& clock) {
  // A table that was removed or set back under us must not get a commit that continues another log.
  if (version > 0) {
    const auto before = table.store().Head(table.DataKey(fmt::format("_delta_log/{:020}.json", version - 1)));
    if (!before && before.error().kind() == ErrorKind::kNotFound) {
      return Fail(
          ErrorKind::kBadData,
          fmt::format(
              "{}: commit {} is gone from the log: the table was removed or set back while it was written "
              "to; nothing was written, start again when it is as it should be",
              table.Uri(), version - 1));
    }
    if (!before) return Fail(before.error());
  }
  RTL_TRY(const delta::PutOutcome put, table.PutCommit(version, actions));
  AfterPut next = DecideAfterPut(put);
  std::string doubt = "its reply was lost";
  std::chrono::milliseconds pause = kFirstPause;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (next == AfterPut::kReadBack) {
      const auto settled = table.SettleUnknown(version, actions);
      if (settled) {
        const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(clock.Now() - state_read_at);
        next = DecideAfterReadBack(*settled, age);
        continue;
      }
      doubt = settled.error().message();
    } else if (next == AfterPut::kPutAgain) {
      const auto again = table.PutCommit(version, actions);
      // An error here says nothing of the first attempt: it may still have landed.
      next = again ? DecideAfterPut(*again) : AfterPut::kReadBack;
      // What stands there may be our own first attempt.
      if (next == AfterPut::kReadWinners) next = AfterPut::kReadBack;
      if (again) continue;
      doubt = again.error().message();
    } else {
      return next;
    }
    clock.Sleep(pause);
    pause *= 2;
  }
  if (next != AfterPut::kReadBack && next != AfterPut::kPutAgain) return next;
  return Fail(
      ErrorKind::kCommitUnknown,
      fmt::format(
          "{}: whether version {} was written could not be found out ({}); nothing was cleaned up, the next "
          "run finds out",
          table.Uri(), version, doubt));
}

}  // namespace rtl::load
