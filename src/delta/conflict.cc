#include "delta/conflict.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <unordered_set>

#include "delta/data_path.h"
#include "delta/json_fields.h"
#include "delta/metadata_change.h"
#include "delta/table.h"

namespace rtl::delta {
namespace {

using Names = std::unordered_set<std::string>;

template <typename T>
const T* FindAction(std::span<const Action> actions) {
  for (const Action& action : actions) {
    if (const auto* found = std::get_if<T>(&action)) return found;
  }
  return nullptr;
}

// Our side of the comparison.
struct Ours {
  explicit Ours(const Transaction& transaction) {
    for (const std::string& path : transaction.read.files) read.insert(FileKey(path));
    app_ids.insert(transaction.read.app_ids.begin(), transaction.read.app_ids.end());
    for (const Action& action : transaction.actions) {
      if (const auto* add = std::get_if<Add>(&action)) {
        adds.insert(FileKey(add->path));
        changes_rows = changes_rows || add->data_change;
      } else if (const auto* remove = std::get_if<Remove>(&action)) {
        removes.insert(FileKey(remove->path));
        changes_rows = changes_rows || remove->data_change;
      } else if (const auto* txn = std::get_if<Txn>(&action)) {
        app_ids.insert(txn->app_id);
      } else if (const auto* domain = std::get_if<DomainMetadata>(&action)) {
        domains.insert(domain->domain);
      }
    }
  }

  Names read;
  Names adds;  // new files have names of their own: one that another has removed or added was there before
  Names removes;
  Names app_ids;
  Names domains;
  bool changes_rows = false;
};

void FindSchemaConflicts(const Transaction& ours, std::span<const Action> winner,
                         std::vector<Conflict>& conflicts) {
  const auto* protocol = FindAction<Protocol>(winner);
  const auto* metadata = FindAction<Metadata>(winner);
  if (protocol != nullptr) {
    const auto writable = CheckWritable(*protocol, metadata == nullptr ? ours.metadata : *metadata);
    if (!writable) {
      conflicts.push_back({ConflictKind::kProtocolChanged, writable.error().message()});
    } else if (FindAction<Protocol>(ours.actions) != nullptr) {
      conflicts.push_back({ConflictKind::kProtocolChanged, "the protocol"});
    }
  }
  if (metadata == nullptr) return;
  if (protocol == nullptr) {
    if (const auto writable = CheckWritable(ours.protocol, *metadata); !writable) {
      conflicts.push_back({ConflictKind::kMetadataChanged, writable.error().message()});
      return;
    }
  }
  if (FindAction<Metadata>(ours.actions) != nullptr) {
    conflicts.push_back({ConflictKind::kMetadataChanged, "the metadata"});
  } else if (auto changed = FirstBindingChange(ours.metadata, *metadata); !changed.empty()) {
    conflicts.push_back({ConflictKind::kMetadataChanged, std::move(changed)});
  }
}

bool RowsHaveCome(const Transaction& ours, bool changes_rows, bool blind) {
  if (ours.read.scope != ReadSet::Scope::kTable) return false;
  if (!changes_rows)
    return false;  // it only rearranges: what it read is in files, which are compared by name
  return !blind || IsolationLevelOf(ours.metadata) == IsolationLevel::kSerializable ||
         FindAction<Metadata>(ours.actions) != nullptr;
}

}  // namespace

IsolationLevel IsolationLevelOf(const Metadata& metadata) {
  const auto level = metadata.configuration.find("delta.isolationLevel");
  if (level == metadata.configuration.end() || level->second == "WriteSerializable") {
    return IsolationLevel::kWriteSerializable;
  }
  return IsolationLevel::kSerializable;
}

std::vector<Conflict> FindConflicts(const Transaction& transaction, std::span<const Action> winner) {
  const Ours ours(transaction);
  std::vector<Conflict> conflicts;
  FindSchemaConflicts(transaction, winner, conflicts);
  for (const Action& action : winner) {
    if (const auto* txn = std::get_if<Txn>(&action); txn != nullptr && ours.app_ids.contains(txn->app_id)) {
      conflicts.push_back({ConflictKind::kConcurrentTransaction, txn->app_id});
    }
  }
  for (const Action& action : winner) {
    if (const auto* domain = std::get_if<DomainMetadata>(&action);
        domain != nullptr && ours.domains.contains(domain->domain)) {
      conflicts.push_back({ConflictKind::kConcurrentDomain, domain->domain});
    }
  }
  const auto each_remove = [&](const auto& visit) {
    for (const Action& action : winner) {
      if (const auto* remove = std::get_if<Remove>(&action)) visit(*remove, FileKey(remove->path));
    }
  };
  each_remove([&](const Remove& remove, const std::string& key) {
    if (ours.removes.contains(key)) {
      conflicts.push_back({ConflictKind::kConcurrentDeleteDelete, remove.path});
    }
  });
  each_remove([&](const Remove& remove, const std::string& key) {
    if (ours.removes.contains(key)) return;
    if (transaction.read.scope == ReadSet::Scope::kTable || ours.read.contains(key) ||
        ours.adds.contains(key)) {
      conflicts.push_back({ConflictKind::kConcurrentDeleteRead, remove.path});
    }
  });
  const bool rows_count = RowsHaveCome(transaction, ours.changes_rows, IsBlindAppend(winner));
  for (const Action& action : winner) {
    const auto* add = std::get_if<Add>(&action);
    if (add == nullptr) continue;
    // Rows that were only moved came from a file that was removed, which has been looked at.
    if ((rows_count && add->data_change) || ours.adds.contains(FileKey(add->path))) {
      conflicts.push_back({ConflictKind::kConcurrentAppend, add->path});
    }
  }
  return conflicts;
}

bool IsBlindAppend(std::span<const Action> actions) {
  const auto* info = FindAction<CommitInfo>(actions);
  if (info == nullptr || FindAction<Remove>(actions) != nullptr) return false;
  simdjson::dom::parser parser;
  const simdjson::padded_string text(info->json);
  JsonObject object;
  if (parser.parse(text).get(object) != simdjson::SUCCESS) return false;
  const auto blind = FindBool(object, "isBlindAppend");
  return blind && blind->value_or(false);
}

std::string ToString(const Conflict& conflict) {
  switch (conflict.kind) {
    case ConflictKind::kProtocolChanged:
      return fmt::format("ProtocolChanged: {}", conflict.what);
    case ConflictKind::kMetadataChanged:
      return fmt::format("MetadataChanged: another writer has changed {}", conflict.what);
    case ConflictKind::kConcurrentTransaction:
      return fmt::format("ConcurrentTransaction: another writer has advanced app id {}", conflict.what);
    case ConflictKind::kConcurrentDomain:
      return fmt::format("ConcurrentDomain: another writer has changed domain {}", conflict.what);
    case ConflictKind::kConcurrentDeleteDelete:
      return fmt::format("ConcurrentDeleteDelete: {} was removed by another writer", conflict.what);
    case ConflictKind::kConcurrentDeleteRead:
      return fmt::format("ConcurrentDeleteRead: {} was removed by another writer", conflict.what);
    case ConflictKind::kConcurrentAppend:
      return fmt::format("ConcurrentAppend: {} was added by another writer", conflict.what);
  }
  return {};
}

}  // namespace rtl::delta
