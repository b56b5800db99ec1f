#include "delta/reconcile.h"

#include <fmt/format.h>

#include <utility>

#include "delta/check_actions.h"
#include "delta/commit_info.h"
#include "delta/data_path.h"
#include "delta/table_features.h"

namespace rtl::delta {
namespace {

template <typename FileAction>
std::string KeyOf(const FileAction& action) {
  std::string key = FileKey(action.path);
  if (action.deletion_vector) key += '\n' + action.deletion_vector->UniqueId();
  return key;
}

Result<> CheckComplete(const TableState& state, bool has_protocol, bool has_metadata) {
  if (!has_protocol || !has_metadata) {
    return Fail(ErrorKind::kBadData, fmt::format("version {} has no {} action", state.version,
                                                 has_protocol ? "metaData" : "protocol"));
  }
  return CheckReadable(state.protocol, state.metadata);
}

std::unexpected<Error> TwiceActive(std::string_view path) {
  return Fail(ErrorKind::kBadData,
              fmt::format("data file {} is active twice: the log contradicts itself", path));
}

}  // namespace

std::string LogicalFileKey(const Add& add) {
  return KeyOf(add);
}

std::string LogicalFileKey(const Remove& remove) {
  return KeyOf(remove);
}

Result<> Replay::Apply(std::vector<Action>&& actions) {
  if (!std::exchange(has_newest_, true)) state_.in_commit_timestamp_ms = InCommitTimestampOf(actions);
  for (Action& action : actions) RTL_CHECK(Take(std::move(action), true));
  return {};
}

Result<> Replay::ApplyCheckpointed(Action&& action) {
  RTL_CHECK(CheckUnique(action));
  return Take(std::move(action), false);
}

Result<> Replay::CheckUnique(const Action& checkpointed) {
  std::string key;
  if (std::holds_alternative<Protocol>(checkpointed)) {
    key = "protocol action";
  } else if (std::holds_alternative<Metadata>(checkpointed)) {
    key = "metaData action";
  } else if (const auto* txn = std::get_if<Txn>(&checkpointed)) {
    key = "txn action for app id " + txn->app_id;
  } else if (const auto* domain = std::get_if<DomainMetadata>(&checkpointed)) {
    key = "domainMetadata action for " + domain->domain;
  } else {
    return {};
  }
  const auto [known, is_new] = checkpointed_.insert(std::move(key));
  if (is_new) return {};
  return Fail(ErrorKind::kBadData, fmt::format("a checkpoint with a second {}", *known));
}

Result<> Replay::Take(Action&& action, bool keep_key) {
  if (auto* add = std::get_if<Add>(&action)) return TakeFile(std::move(*add), keep_key);
  if (auto* remove = std::get_if<Remove>(&action)) return TakeFile(std::move(*remove), keep_key);
  if (auto* protocol = std::get_if<Protocol>(&action)) {
    if (!std::exchange(has_protocol_, true)) state_.protocol = std::move(*protocol);
  } else if (auto* metadata = std::get_if<Metadata>(&action)) {
    if (!std::exchange(has_metadata_, true)) state_.metadata = std::move(*metadata);
  } else if (auto* txn = std::get_if<Txn>(&action)) {
    std::string app_id = txn->app_id;
    state_.txns.try_emplace(std::move(app_id), std::move(*txn));
  } else if (auto* domain = std::get_if<DomainMetadata>(&action)) {
    std::string name = domain->domain;
    state_.domains.try_emplace(std::move(name), std::move(*domain));
  }
  return {};
}

Result<> Replay::TakeFile(Add&& add, bool keep_key) {
  if (!seen_.empty() || keep_key) {
    std::string key = LogicalFileKey(add);
    if (seen_.contains(key)) return {};
    if (keep_key) seen_.insert(std::move(key));
  }
  return sink_->OnAdd(std::move(add));
}

Result<> Replay::TakeFile(Remove&& remove, bool keep_key) {
  if (!seen_.empty() || keep_key) {
    std::string key = LogicalFileKey(remove);
    if (seen_.contains(key)) return {};
    if (keep_key) seen_.insert(std::move(key));
  }
  return sink_->OnTombstone(std::move(remove));
}

Result<TableState> Replay::Finish() && {
  RTL_CHECK(CheckComplete(state_, has_protocol_, has_metadata_));
  // Protocol: "Domain Metadata": a removed one is gone for readers.
  std::erase_if(state_.domains, [](const auto& entry) { return entry.second.removed; });
  if (!IsActive(state_.protocol, state_.metadata, "inCommitTimestamp")) state_.in_commit_timestamp_ms.reset();
  return std::move(state_);
}

Result<> InsertActive(ActiveFiles& files, const Add& add) {
  if (files.Contains(add.path)) return TwiceActive(add.path);
  files.Insert(add);
  return {};
}

Result<> Advance(TableState& state, const Commit& commit) {
  if (commit.version != state.version + 1) {
    return Fail(ErrorKind::kInternal,
                fmt::format("commit {} applied to version {}", commit.version, state.version));
  }
  RTL_CHECK(CheckConsistent(commit.actions));
  // The state must stay as it was when the commit asks for what is not known here, or makes no sense.
  TableState next;
  next.version = commit.version;
  next.protocol = state.protocol;
  next.metadata = state.metadata;
  bool has_protocol = state.version >= 0;
  bool has_metadata = has_protocol;
  std::unordered_set<std::string> removed;
  for (const Action& action : commit.actions) {
    if (const auto* protocol = std::get_if<Protocol>(&action)) {
      next.protocol = *protocol;
      has_protocol = true;
    } else if (const auto* metadata = std::get_if<Metadata>(&action)) {
      next.metadata = *metadata;
      has_metadata = true;
    } else if (const auto* remove = std::get_if<Remove>(&action)) {
      removed.insert(LogicalFileKey(*remove));
    }
  }
  RTL_CHECK(CheckComplete(next, has_protocol, has_metadata));
  for (const Action& action : commit.actions) {
    const auto* add = std::get_if<Add>(&action);
    if (add == nullptr) continue;
    const auto active = state.files.Find(add->path);
    if (!active || LogicalFileKey(*active) == LogicalFileKey(*add)) continue;  // told again
    if (!removed.contains(LogicalFileKey(*active))) return TwiceActive(add->path);
  }

  for (const Action& action : commit.actions) {
    const auto* remove = std::get_if<Remove>(&action);
    if (remove == nullptr) continue;
    const auto active = state.files.Find(remove->path);
    if (active && LogicalFileKey(*active) == LogicalFileKey(*remove)) state.files.Erase(remove->path);
  }
  for (const Action& action : commit.actions) {
    if (const auto* add = std::get_if<Add>(&action)) {
      state.files.Insert(*add);
    } else if (const auto* txn = std::get_if<Txn>(&action)) {
      state.txns.insert_or_assign(txn->app_id, *txn);
    } else if (const auto* domain = std::get_if<DomainMetadata>(&action)) {
      if (domain->removed) {
        state.domains.erase(domain->domain);
      } else {
        state.domains.insert_or_assign(domain->domain, *domain);
      }
    }
  }
  state.version = next.version;
  state.protocol = std::move(next.protocol);
  state.metadata = std::move(next.metadata);
  state.in_commit_timestamp_ms = IsActive(state.protocol, state.metadata, "inCommitTimestamp")
                                     ? InCommitTimestampOf(commit.actions)
                                     : std::nullopt;
  return {};
}

}  // namespace rtl::delta
