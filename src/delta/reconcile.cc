#include "delta/reconcile.h"

#include <fmt/format.h>

#include "delta/check_actions.h"
#include "delta/data_path.h"
#include "delta/table_properties.h"

namespace rtl::delta {
namespace {

class Applier {
 public:
  explicit Applier(Replay& replay) : replay_(replay), state_(replay.state) {}

  void operator()(Protocol&& protocol) {
    state_.protocol = std::move(protocol);
    replay_.has_protocol = true;
  }
  void operator()(Metadata&& metadata) {
    state_.metadata = std::move(metadata);
    replay_.has_metadata = true;
  }
  void operator()(Add&& add) {
    std::string key = FileKey(add.path);
    state_.tombstones.erase(key);
    state_.adds.insert_or_assign(std::move(key), std::move(add));
  }
  void operator()(Remove&& remove) {
    std::string key = FileKey(remove.path);
    state_.adds.erase(key);
    state_.tombstones.insert_or_assign(std::move(key), std::move(remove));
  }
  void operator()(Txn&& txn) {
    std::string app_id = txn.app_id;
    state_.txns.insert_or_assign(std::move(app_id), std::move(txn));
  }
  void operator()(CommitInfo&&) {}

 private:
  Replay& replay_;
  TableState& state_;
};

}  // namespace

void Replay::Apply(Action&& action) {
  std::visit(Applier(*this), std::move(action));
}

Result<> Replay::CheckComplete() const {
  if (!has_protocol || !has_metadata) {
    return Fail(ErrorKind::kBadData, fmt::format("version {} has no {} action", state.version,
                                                 has_protocol ? "metaData" : "protocol"));
  }
  return CheckReadable(state.protocol, state.metadata);
}

void DropExpiredTombstones(TableState& state, Timestamp now) {
  const std::int64_t oldest = MillisSinceEpoch(now) - DeletedFileRetention(state.metadata).count();
  std::erase_if(state.tombstones,
                [&](const auto& entry) { return entry.second.deletion_timestamp_ms.value_or(0) < oldest; });
}

Result<> Advance(TableState& state, const Commit& commit, Timestamp now) {
  if (commit.version != state.version + 1) {
    return Fail(ErrorKind::kInternal,
                fmt::format("commit {} applied to version {}", commit.version, state.version));
  }
  Replay next;
  next.has_protocol = next.has_metadata = state.version >= 0;
  // The state must stay as it was when the commit asks for what is not known here.
  next.state.version = commit.version;
  next.state.protocol = state.protocol;
  next.state.metadata = state.metadata;
  for (const Action& action : commit.actions) {
    if (std::holds_alternative<Protocol>(action) || std::holds_alternative<Metadata>(action)) {
      next.Apply(Action(action));
    }
  }
  RTL_CHECK(CheckConsistent(commit.actions));
  RTL_CHECK(next.CheckComplete());

  next.state = std::move(state);
  for (const Action& action : commit.actions) next.Apply(Action(action));
  next.state.version = commit.version;
  DropExpiredTombstones(next.state, now);
  state = std::move(next.state);
  return {};
}

}  // namespace rtl::delta
