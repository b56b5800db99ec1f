#include "delta/check_actions.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <set>
#include <string>
#include <unordered_set>

#include "delta/data_path.h"
#include "delta/json_fields.h"
#include "delta/reconcile.h"
#include "delta/table_properties.h"

namespace rtl::delta {
namespace {

bool HasVector(const Action& action) {
  if (const auto* add = std::get_if<Add>(&action)) return add->deletion_vector.has_value();
  const auto* remove = std::get_if<Remove>(&action);
  return remove != nullptr && remove->deletion_vector.has_value();
}

class Seen {
 public:
  // Without deletion vectors a file's key is its path, and one look is enough.
  Seen(bool check_added_paths, bool check_removed_paths)
      : check_added_paths_(check_added_paths), check_removed_paths_(check_removed_paths) {}

  Result<> operator()(const Protocol&) { return Once(protocols_, "protocol"); }
  Result<> operator()(const Metadata&) { return Once(metadatas_, "metaData"); }
  Result<> operator()(const Add& add) {
    if (check_added_paths_ && !added_.insert(FileKey(add.path)).second) return Twice("add", add.path);
    return File(LogicalFileKey(add));
  }
  Result<> operator()(const Remove& remove) {
    if (check_removed_paths_ && !removed_.insert(FileKey(remove.path)).second) {
      return Twice("remove", remove.path);
    }
    return File(LogicalFileKey(remove));
  }
  Result<> operator()(const AddCdc&) { return {}; }
  Result<> operator()(const DomainMetadata& domain) {
    if (domains_.insert(domain.domain).second) return {};
    return Fail(ErrorKind::kBadData, fmt::format("two actions for domain {} in one commit", domain.domain));
  }
  Result<> operator()(const Txn& txn) {
    if (txns_.insert(txn.app_id).second) return {};
    return Fail(ErrorKind::kBadData, fmt::format("two txn actions of app id {} in one commit", txn.app_id));
  }
  Result<> operator()(const CommitInfo&) { return {}; }

 private:
  static Result<> Once(int& count, std::string_view name) {
    if (++count == 1) return {};
    return Fail(ErrorKind::kBadData, fmt::format("two {} actions in one commit", name));
  }
  static std::unexpected<Error> Twice(std::string_view name, std::string_view path) {
    return Fail(ErrorKind::kBadData, fmt::format("two {} actions for file {} in one commit", name, path));
  }
  Result<> File(std::string key) {
    const auto [known, is_new] = files_.insert(std::move(key));
    if (is_new) return {};
    return Fail(ErrorKind::kBadData, fmt::format("two actions for file {} in one commit", *known));
  }

  int protocols_ = 0;
  int metadatas_ = 0;
  bool check_added_paths_;
  bool check_removed_paths_;
  std::unordered_set<std::string> files_;
  std::unordered_set<std::string> added_;
  std::unordered_set<std::string> removed_;
  std::set<std::string> txns_;
  std::set<std::string> domains_;
};

}  // namespace

Result<> CheckConsistent(std::span<const Action> actions) {
  const bool has_vectors = std::ranges::any_of(actions, HasVector);
  Seen seen(has_vectors, has_vectors);
  for (const Action& action : actions) RTL_CHECK(std::visit(seen, action));
  return {};
}

Result<> CheckReconciled(std::span<const Action> actions) {
  Seen seen(std::ranges::any_of(actions, HasVector), false);
  for (const Action& action : actions) RTL_CHECK(std::visit(seen, action));
  return {};
}

Result<> CheckActions(const Metadata& metadata, std::span<const Action> actions) {
  if (const auto consistent = CheckConsistent(actions); !consistent) {
    return Fail(ErrorKind::kInternal, consistent.error().message());
  }
  if (TxnIdOf(actions).empty()) return Fail(ErrorKind::kInternal, "a commit without a commitInfo.txnId");
  if (!IsTrue(metadata, "delta.appendOnly")) return {};
  for (const Action& action : actions) {
    if (const auto* remove = std::get_if<Remove>(&action); remove && remove->data_change) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("the table is append-only (delta.appendOnly), file {} cannot be removed",
                              remove->path));
    }
  }
  return {};
}

std::string TxnIdOf(std::span<const Action> actions) {
  for (const Action& action : actions) {
    const auto* info = std::get_if<CommitInfo>(&action);
    if (info == nullptr) continue;
    simdjson::dom::parser parser;
    const simdjson::padded_string text(info->json);
    JsonObject object;
    if (parser.parse(text).get(object) != simdjson::SUCCESS) return {};
    auto id = FindString(object, "txnId");
    return id && *id ? std::move(**id) : std::string();
  }
  return {};
}

}  // namespace rtl::delta
