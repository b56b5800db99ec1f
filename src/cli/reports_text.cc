#include "cli/reports_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "cli/display_text.h"
#include "cli/quantities.h"
#include "cli/table_printer.h"

namespace rtl::cli {
namespace {

std::string ProblemText(const load::FileReport& problem) {
  std::string version = problem.file_version > 0 ? fmt::format(" (version {})", problem.file_version) : "";
  return fmt::format("{}: {}{}: {}\n  -> {}\n", load::ToString(problem.outcome), OneLine(problem.source_file),
                     version, problem.error.empty() ? "no reason was recorded" : OneLine(problem.error),
                     AdviceFor(problem));
}

std::string TableOf(std::vector<ColumnHeading> headings, std::vector<std::vector<Cell>> rows) {
  std::string out;
  TablePrinter printer(std::move(headings), {.rows_measured = rows.size() + 1},
                       [&](std::string_view text) { out += text; });
  for (auto& row : rows) printer.Add(std::move(row));
  printer.Finish();
  return out;
}

std::string Version(std::int64_t version) {
  return version < 0 ? "none yet" : fmt::format("{}", version);
}

// "\nloader web-1:4711 since 2026-...: ..." as of its latest commit.
std::string RunText(const load::RunInfo& run) {
  std::string out = fmt::format("\nloader {} since {}, as of its latest commit\n", OneLine(run.host),
                                FormatTimestamp(run.started_at));
  if (!run.requests.empty()) {
    out += "  requests ";
    for (const auto& [kind, count] : run.requests) out += fmt::format(" {} {}", kind, ReadableCount(count));
    out += fmt::format("; {} retries, {} throttled\n  bytes     {} sent, {} received\n",
                       ReadableCount(run.retries), ReadableCount(run.throttled),
                       ReadableBytes(run.bytes_sent), ReadableBytes(run.bytes_received));
  }
  if (run.events > 0) out += fmt::format("  events    {} handled", ReadableCount(run.events));
  if (run.events > 0 && run.latency_p50_ms && run.latency_p99_ms) {
    out +=
        fmt::format("; from event to visible p50 {} ms, p99 {} ms", *run.latency_p50_ms, *run.latency_p99_ms);
  }
  if (run.events > 0) out += '\n';
  return out;
}

}  // namespace

std::string AdviceFor(const load::FileReport& problem) {
  if (problem.outcome == load::Outcome::kHeld) {
    return "correct the file, or accept it as it is (--max-rejected, guard.allow_empty), then sync again";
  }
  return "put right what the reason names, then sync again; the rows it had before stay";
}

std::string OutcomesText(const load::SyncReport& r) {
  std::string out;
  const std::array<std::pair<std::int64_t, const char*>, 8> counts = {{{r.loaded, "loaded"},
                                                                       {r.replaced, "replaced"},
                                                                       {r.deleted, "deleted"},
                                                                       {r.unchanged, "unchanged"},
                                                                       {r.held, "held"},
                                                                       {r.failed, "failed"},
                                                                       {r.up_to_date, "up to date"},
                                                                       {r.ignored, "ignored"}}};
  for (const auto& [count, name] : counts) {
    if (count == 0) continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", ReadableCount(count), name);
  }
  return out.empty() ? "nothing to do" : out;
}

std::string SyncText(const load::SyncReport& r, const Places& places) {
  std::string out = fmt::format("{} -> {} in {}\n", OneLine(places.source), OneLine(places.tables),
                                ReadableSeconds(r.seconds));
  out += fmt::format("  files     {} seen: {}\n", ReadableCount(r.files_seen), OutcomesText(r));
  out += fmt::format("  rows      {}\n", ReadableCount(r.rows));
  if (r.rejected > 0) {
    out += fmt::format("  rejected  {}, {}\n", Counted(r.rejected, "line"),
                       places.quarantine.empty() ? "not kept: the quarantine table is off"
                                                 : "kept: rtloader show " + OneLine(places.quarantine));
  }
  const std::string rate = ReadableRate(r.bytes, r.seconds);
  out += fmt::format("  bytes     {}{}{}\n", ReadableBytes(r.bytes), rate.empty() ? "" : ", ", rate);
  out += fmt::format("  version   {} ({})\n", Version(r.snapshot_version), Counted(r.commits, "commit"));
  if (r.left_over > 0) {
    out += fmt::format("  left      {} for the next run (--max-files, --max-bytes)\n",
                       Counted(r.left_over, "file"));
  }
  for (const load::FileReport& problem : r.problems) out += ProblemText(problem);
  if (!r.refused_deletes.empty()) {
    out += fmt::format(
        "deletes refused: {}\n  -> check that SOURCE is the right folder; if the files are meant to be "
        "gone, sync again with --allow-mass-delete\n",
        OneLine(r.refused_deletes));
  }
  return out;
}

std::string PlanText(const load::PlanReport& r, const Places&) {
  std::string out;
  const bool reasons =
      std::any_of(r.files.begin(), r.files.end(), [](const auto& f) { return !f.reason.empty(); });
  if (!r.files.empty()) {
    std::vector<ColumnHeading> headings = {{"action"}, {"file"}, {"size", true}};
    if (reasons) headings.push_back({"reason"});
    std::vector<std::vector<Cell>> rows;
    rows.reserve(r.files.size());
    for (const load::PlannedFile& file : r.files) {
      std::vector<Cell> row = {{file.action}, {OneLine(file.source_file)}, {ReadableBytes(file.bytes)}};
      if (reasons) row.push_back({file.reason.empty() ? "-" : OneLine(file.reason)});
      rows.push_back(std::move(row));
    }
    out += TableOf(std::move(headings), std::move(rows));
  }
  out += fmt::format("{} to handle ({}), {} up to date\n",
                     Counted(static_cast<std::int64_t>(r.files.size()), "file"), ReadableBytes(r.bytes),
                     ReadableCount(r.up_to_date));
  if (!r.refused_deletes.empty())
    out += fmt::format("deletes would be refused: {}\n", OneLine(r.refused_deletes));
  return out;
}

std::string VerifyText(const load::VerifyReport& r, const Places& places,
                       const std::vector<load::Difference>& repaired) {
  std::string out;
  if (!repaired.empty()) {
    out += fmt::format("{} loaded again:\n", Counted(static_cast<std::int64_t>(repaired.size()), "file"));
    for (const load::Difference& difference : repaired) {
      out += fmt::format("  {}: {}\n", OneLine(difference.source_file), OneLine(difference.what));
    }
  }
  if (!r.differences.empty()) {
    std::vector<std::vector<Cell>> rows;
    rows.reserve(r.differences.size());
    for (const load::Difference& difference : r.differences) {
      rows.push_back({{OneLine(difference.source_file)}, {OneLine(difference.what)}});
    }
    out += TableOf({{"file"}, {"difference"}}, std::move(rows));
  }
  out += fmt::format("{} and {} compared{} at version {}: ", Counted(r.files, "file"), Counted(r.rows, "row"),
                     r.fast ? " (fast: by the ledger)" : "", Version(r.snapshot_version));
  if (r.differences.empty()) return out + "they agree\n";
  return out +
         fmt::format(
             "{}\n  -> rtloader sync {} {} loads what has changed since; held and failed files are yours "
             "to correct (rtloader status); rtloader verify --repair loads the rest again\n",
             Counted(static_cast<std::int64_t>(r.differences.size()), "difference"), OneLine(places.source),
             OneLine(places.tables));
}

std::string StatusText(const load::StatusReport& r, const Places& places) {
  std::string out = fmt::format("source  {} ({})\ntables  {}\n\n", OneLine(r.source_uri),
                                Counted(r.source_files, "known file"), OneLine(places.tables));
  std::vector<std::vector<Cell>> rows;
  rows.reserve(r.tables.size());
  for (const load::TableStatus& table : r.tables) {
    rows.push_back({{OneLine(table.name)},
                    {Version(table.version)},
                    {ReadableCount(table.files)},
                    {ReadableCount(table.rows)},
                    {ReadableBytes(table.bytes)},
                    {table.absorbed < 0 ? "-" : fmt::format("{}", table.absorbed)},
                    {table.last_commit_at ? FormatTimestamp(*table.last_commit_at) : "-"}});
  }
  out += TableOf({{"table"},
                  {"version", true},
                  {"data files", true},
                  {"rows", true},
                  {"size", true},
                  {"absorbed", true},
                  {"last commit"}},
                 std::move(rows));
  if (r.derivation_lag > 0) {
    out +=
        fmt::format("\n{} not yet in every derived table; the next sync or a running watch takes them in\n",
                    Counted(r.derivation_lag, "snapshot commit"));
  }
  for (const load::RunInfo& run : r.runs) out += RunText(run);
  if (!r.problems.empty()) out += '\n';
  for (const load::FileReport& problem : r.problems) out += ProblemText(problem);
  return out;
}

}  // namespace rtl::cli
