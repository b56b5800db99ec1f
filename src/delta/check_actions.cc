#include "delta/check_actions.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <set>
#include <string>
#include <unordered_set>

#include "delta/json_fields.h"
#include "delta/reconcile.h"
#include "delta/table_properties.h"

namespace rtl::delta {
namespace {

class Seen {
 public:
  Result<> operator()(const Protocol&) { return Once(protocols_, "protocol"); }
  Result<> operator()(const Metadata&) { return Once(metadatas_, "metaData"); }
  Result<> operator()(const Add& add) { return File(LogicalFileKey(add)); }
  Result<> operator()(const Remove& remove) { return File(LogicalFileKey(remove)); }
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
  Result<> File(std::string key) {
    const auto [known, is_new] = files_.insert(std::move(key));
    if (is_new) return {};
    return Fail(ErrorKind::kBadData, fmt::format("two actions for file {} in one commit", *known));
  }

  int protocols_ = 0;
  int metadatas_ = 0;
  std::unordered_set<std::string> files_;
  std::set<std::string> txns_;
  std::set<std::string> domains_;
};

}  // namespace

Result<> CheckConsistent(std::span<const Action> actions) {
  Seen seen;
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
