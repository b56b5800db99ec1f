// What the tables hold, from their logs alone.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "load/entry_report.h"
#include "load/loader_parts.h"

namespace rtl::load {
namespace {

std::int64_t NumRecords(simdjson::dom::parser& parser, const std::string& stats) {
  std::int64_t rows = 0;
  if (stats.empty()) return 0;
  if (parser.parse(stats.data(), stats.size())["numRecords"].get(rows) != simdjson::SUCCESS) return 0;
  return rows;
}

TableStatus Describe(const std::string& name, const delta::TableState& state,
                     std::optional<Timestamp> last_commit_at) {
  TableStatus status;
  status.name = name;
  status.version = state.version;
  status.files = static_cast<std::int64_t>(state.files.size());
  status.last_commit_at = last_commit_at;
  simdjson::dom::parser parser;
  state.files.ForEach([&](const delta::Add& add) {
    status.bytes += add.size;
    const std::int64_t struck_out = add.deletion_vector ? add.deletion_vector->cardinality : 0;
    status.rows += std::max(NumRecords(parser, add.stats) - struck_out, std::int64_t{0});
  });
  return status;
}

// What the loaders of the latest commits told last. Commits that cannot be read any more tell nothing.
std::vector<RunInfo> LatestRuns(const delta::Table& snapshot, Version version) {
  constexpr Version kCommits = 20;
  std::vector<RunInfo> runs;
  for (Version at = version; at >= 0 && at > version - kCommits; --at) {
    const auto commit = snapshot.ReadCommit(at);
    if (!commit) break;
    for (const delta::Action& action : commit->actions) {
      const auto* info = std::get_if<delta::CommitInfo>(&action);
      auto run = info != nullptr ? ParseRunInfo(info->json) : std::nullopt;
      if (!run) continue;
      const bool known =
          std::any_of(runs.begin(), runs.end(), [&](const RunInfo& r) { return r.id == run->id; });
      if (!known) runs.push_back(std::move(*run));
    }
  }
  return runs;
}

}  // namespace

Result<StatusReport> LoaderParts::Status() {
  StatusReport report;
  report.source_uri = options_.source_uri;
  Version snapshot_version = -1;
  std::string app_id;
  const auto add = [&](const delta::Table& table, bool is_snapshot) -> Result<> {
    auto state = table.Load();
    if (!state && state.error().kind() == ErrorKind::kNotFound) {
      TableStatus missing;
      missing.name = table.path();
      report.tables.push_back(std::move(missing));
      return {};
    }
    if (!state) return Fail(state.error());
    std::optional<Timestamp> last;
    if (const auto commit = table.ReadCommit(state->version)) last = commit->modified_at;
    TableStatus status = Describe(table.path(), *state, last);
    if (is_snapshot) {
      snapshot_version = state->version;
      app_id = DerivedAppId(state->metadata);
    } else {
      const auto txn = state->txns.find(app_id);
      status.absorbed = txn == state->txns.end() ? -1 : txn->second.version;
      report.derivation_lag = std::max(report.derivation_lag, snapshot_version - status.absorbed);
    }
    report.tables.push_back(std::move(status));
    return {};
  };
  RTL_CHECK(add(set_.snapshot, true));
  for (const RoleTable& derived : set_.derived) RTL_CHECK(add(derived.table, false));
  if (exist_) {
    RTL_CHECK(ledger_->Refresh());
    report.source_files = ledger_->With([](Ledger& ledger) { return ledger.live_files(EveryFile); });
    report.runs = LatestRuns(set_.snapshot, ledger_->version());
    for (const LedgerEntry& entry : ledger_->With([](Ledger& ledger) { return ledger.Problems(); })) {
      report.problems.push_back(ToReport(entry));
    }
  }
  return report;
}

}  // namespace rtl::load
