#include <fmt/format.h>
#include <simdjson.h>

#include "core/uuid.h"
#include "delta/check_actions.h"
#include "delta/log_names.h"
#include "delta/table.h"
#include "delta/version_checksum.h"

namespace rtl::delta {
namespace {

Result<> ProbeWith(store::ObjectStore& store, const std::string& key) {
  const auto refuse = [&](std::string_view why) {
    return Fail(
        ErrorKind::kUnsupported,
        fmt::format("{} does not honour put-if-absent ({}): commits would not be safe", store.Uri(), why));
  };
  RTL_TRY(const auto first, store.PutIfAbsent(key, "first"));
  if (first != store::PutIfAbsentOutcome::kCreated) return refuse("a new key was said to exist");
  RTL_TRY(const auto second, store.PutIfAbsent(key, "second"));
  if (second != store::PutIfAbsentOutcome::kExists) return refuse("an existing key was put again");
  RTL_TRY(const auto object, store.Get(key));
  if (object.bytes != "first") return refuse("an existing object was overwritten");
  return {};
}

}  // namespace

Result<PutOutcome> Table::PutCommit(Version version, std::span<const Action> actions) const {
  if (const auto consistent = CheckConsistent(actions); !consistent) {
    return Fail(ErrorKind::kInternal, consistent.error().message());
  }
  if (TxnIdOf(actions).empty()) return Fail(ErrorKind::kInternal, "a commit without a commitInfo.txnId");
  const std::string bytes = ToCommitBytes(actions);
  if (!simdjson::validate_utf8(bytes)) return Fail(ErrorKind::kInternal, "a commit that is not UTF-8");

  const auto outcome = store_->PutIfAbsent(DataKey("_delta_log/" + CommitName(version)), bytes);
  // Over a network some layer may have sent it twice, so that what stands there is ours: the caller reads it
  // back.
  const bool is_doubtful =
      outcome && *outcome == store::PutIfAbsentOutcome::kExists && store_->Traits().remote;
  if (is_doubtful) return PutOutcome::kUnknown;
  if (outcome) {
    return *outcome == store::PutIfAbsentOutcome::kCreated ? PutOutcome::kCommitted : PutOutcome::kConflicted;
  }
  if (outcome.error().kind() == ErrorKind::kCommitUnknown) return PutOutcome::kUnknown;
  return Fail(outcome.error().Wrap(fmt::format("{}, commit {}", Uri(), version)));
}

Result<PutOutcome> Table::SettleUnknown(Version version, std::span<const Action> actions) const {
  const auto object = store_->Get(DataKey("_delta_log/" + CommitName(version)));
  if (!object) {
    if (object.error().kind() == ErrorKind::kNotFound) return PutOutcome::kUnknown;
    return Fail(object.error().Wrap(fmt::format("{}, commit {}", Uri(), version)));
  }
  if (object->bytes == ToCommitBytes(actions)) return PutOutcome::kCommitted;
  // Whatever cannot be parsed was not written by us: a put is whole or not at all.
  const auto theirs = ParseCommitBytes(object->bytes);
  if (!theirs || TxnIdOf(*theirs) != TxnIdOf(actions)) return PutOutcome::kConflicted;
  return Fail(ErrorKind::kBadData,
              fmt::format("{}: commit {} has our txnId but not our bytes", Uri(), version));
}

Result<> Table::WriteChecksum(const TableState& state, std::string_view txn_id) const {
  const FileTotals totals{.files = static_cast<std::int64_t>(state.files.size()),
                          .bytes = state.files.data_bytes()};
  return PutChecksum(*this, state.version, ChecksumOf(state, totals, txn_id));
}

Result<> PutChecksum(const Table& table, Version version, const VersionChecksum& checksum) {
  // Protocol: "Writer Requirements" of checksum files: never over one that is there.
  const std::string key = table.DataKey("_delta_log/" + ChecksumName(version));
  const auto put = table.store().PutIfAbsent(key, ToChecksumBytes(checksum));
  if (put || put.error().kind() == ErrorKind::kCommitUnknown) return {};
  return Fail(put.error().Wrap(fmt::format("{}, checksum of version {}", table.Uri(), version)));
}

Result<> Table::ProbePutIfAbsent() const {
  const std::string key = DataKey("_delta_log/_probe-" + NewUuid());
  auto probed = ProbeWith(*store_, key);
  const auto deleted = store_->Delete(key);
  if (!probed) return probed;
  return deleted;
}

}  // namespace rtl::delta
