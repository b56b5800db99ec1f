#include "delta/commit_preparation.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "core/json_writer.h"
#include "delta/check_actions.h"
#include "delta/column_mapping.h"
#include "delta/commit_info.h"
#include "delta/file_rules.h"
#include "delta/metadata_change.h"
#include "delta/table_features.h"

namespace rtl::delta {
namespace {

constexpr std::string_view kEngine = "rtloader/0.1.0";

template <typename T>
const T* FindAction(const std::vector<Action>& actions) {
  for (const Action& action : actions) {
    if (const auto* found = std::get_if<T>(&action)) return found;
  }
  return nullptr;
}

// The table as the commit leaves it.
struct After {
  const Protocol& protocol;
  const Metadata& metadata;
};

Result<> CheckProtocolFollows(const Protocol& before, const Protocol& after) {
  const auto refuse = [](std::string why) { return Fail(ErrorKind::kBadData, std::move(why)); };
  if (after.min_reader_version < before.min_reader_version ||
      after.min_writer_version < before.min_writer_version) {
    return refuse("the protocol's versions go back");
  }
  const auto all_in = [](const std::vector<std::string>& features, const std::vector<std::string>& in) {
    return std::ranges::all_of(features,
                               [&](const std::string& f) { return std::ranges::find(in, f) != in.end(); });
  };
  // Protocol, "Supported Features": "Clients must not remove the feature".
  if (!all_in(before.reader_features, after.reader_features) ||
      !all_in(before.writer_features, after.writer_features)) {
    return refuse("the protocol loses a feature");
  }
  // "It is not allowed to list a feature only in readerFeatures."
  if (!all_in(after.reader_features, after.writer_features)) {
    return refuse("the protocol has a feature for readers alone");
  }
  return {};
}

Result<> CheckTable(const TableState& on, const After& after, const std::vector<Action>& actions) {
  const bool has_metadata = FindAction<Metadata>(actions) != nullptr;
  const bool has_protocol = FindAction<Protocol>(actions) != nullptr;
  if (!has_metadata && !has_protocol) return {};
  RTL_CHECK(CheckWritable(after.protocol, after.metadata));
  if (const auto mapping = ColumnMapping::Of(after.protocol, after.metadata); !mapping) {
    return Fail(mapping.error());
  }
  if (on.version < 0) return {};
  if (has_protocol) RTL_CHECK(CheckProtocolFollows(on.protocol, after.protocol));
  return has_metadata ? CheckMayFollow(on.metadata, after.metadata) : Result<>();
}

// A part of a file is changed by another deletion vector on the same data file.
Result<> CheckDeletionVectors(const TableState& on, const After& after, const std::vector<Action>& actions) {
  bool strikes_out = false;
  for (const Action& action : actions) {
    const auto* add = std::get_if<Add>(&action);
    if (add == nullptr || !add->deletion_vector) continue;
    const auto active = on.files.Find(add->path);
    if (active && active->deletion_vector == add->deletion_vector) continue;
    if (!IsActive(after.protocol, after.metadata, "deletionVectors")) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("data file {}: the table takes no new deletion vectors "
                              "(delta.enableDeletionVectors)",
                              add->path));
    }
    strikes_out = strikes_out || (active && add->data_change);
  }
  const bool lacks_changes = strikes_out && FindAction<AddCdc>(actions) == nullptr;
  if (lacks_changes && IsActive(after.protocol, after.metadata, "changeDataFeed")) {
    return Fail(ErrorKind::kUnsupported,
                "rows are struck out without change data, which the table asks for "
                "(delta.enableChangeDataFeed)");
  }
  return {};
}

Result<> CheckFiles(const TableState& on, const After& after, const std::vector<Action>& actions) {
  RTL_TRY(const FileRules rules, FileRules::Of(after.protocol, after.metadata));
  for (const Action& action : actions) {
    const auto* add = std::get_if<Add>(&action);
    if (add == nullptr) continue;
    // A file that is there already, with another deletion vector, brings no row.
    const bool brings_rows = add->data_change && !on.files.Contains(add->path);
    RTL_CHECK(rules.Check(*add, brings_rows));
  }
  return {};
}

Result<std::optional<std::int64_t>> NextTimestamp(const TableState& on, const After& after, Timestamp now) {
  if (!IsActive(after.protocol, after.metadata, "inCommitTimestamp")) return std::optional<std::int64_t>();
  const std::int64_t attempted = MillisSinceEpoch(now);
  if (on.version < 0) return std::optional(attempted);
  if (!IsActive(on.protocol, on.metadata, "inCommitTimestamp")) {
    return Fail(ErrorKind::kUnsupported,
                "in-commit timestamps are switched on when a table is made, or by another engine");
  }
  if (!on.in_commit_timestamp_ms) {
    return Fail(ErrorKind::kBadData,
                fmt::format("the table has in-commit timestamps, and version {} tells none", on.version));
  }
  return std::optional(std::max(attempted, *on.in_commit_timestamp_ms + 1));
}

bool OnlyAdds(const std::vector<Action>& actions) {
  return std::ranges::none_of(actions, [](const Action& a) { return std::holds_alternative<Remove>(a); });
}

Result<> FillIn(CommitInfo& info, std::optional<std::int64_t> timestamp, bool blind, Timestamp now) {
  const auto quoted = [](std::string_view text) {
    JsonWriter json;
    json.String(text);
    return std::move(json).Take();
  };
  std::vector<InfoMember> members;
  if (timestamp) members.push_back({.name = "inCommitTimestamp", .value = std::to_string(*timestamp)});
  members.push_back({.name = "timestamp", .value = std::to_string(MillisSinceEpoch(now)), .replace = false});
  members.push_back({.name = "operation", .value = quoted("WRITE"), .replace = false});
  members.push_back({.name = "operationParameters", .value = "{}", .replace = false});
  members.push_back({.name = "isBlindAppend", .value = blind ? "true" : "false"});
  members.push_back({.name = "engineInfo", .value = quoted(kEngine), .replace = false});
  auto filled = WithInfoMembers(info.json, members);
  if (!filled) return Fail(ErrorKind::kInternal, filled.error().message());
  info.json = std::move(*filled);
  return {};
}

}  // namespace

Result<> PrepareCommit(const TableState& on, const ReadSet& read, std::vector<Action>& actions,
                       Timestamp now) {
  RTL_CHECK(CheckActions(on.metadata, actions));
  const auto* protocol = FindAction<Protocol>(actions);
  const auto* metadata = FindAction<Metadata>(actions);
  const After after{protocol == nullptr ? on.protocol : *protocol,
                    metadata == nullptr ? on.metadata : *metadata};
  RTL_CHECK(CheckTable(on, after, actions));
  RTL_CHECK(CheckFiles(on, after, actions));
  RTL_CHECK(CheckDeletionVectors(on, after, actions));
  if (FindAction<DomainMetadata>(actions) != nullptr && !Supports(after.protocol, "domainMetadata")) {
    return Fail(ErrorKind::kUnsupported, "a metadata domain in a table without table feature domainMetadata");
  }
  RTL_TRY(const auto timestamp, NextTimestamp(on, after, now));
  const auto info = std::ranges::find_if(
      actions, [](const Action& action) { return std::holds_alternative<CommitInfo>(action); });
  std::rotate(actions.begin(), info, info + 1);
  const bool blind = read.scope == ReadSet::Scope::kNothing && OnlyAdds(actions);
  return FillIn(std::get<CommitInfo>(actions.front()), timestamp, blind, now);
}

}  // namespace rtl::delta
