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
