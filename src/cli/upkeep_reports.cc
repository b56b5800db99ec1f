#include "cli/upkeep_reports.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/display_text.h"
#include "cli/quantities.h"
#include "cli/reports_json.h"

namespace rtl::cli {
namespace {

std::string Text(const delta::OptimizeReport& report, bool /*dry_run*/) {
  if (report.removed == 0) return "nothing to do";
  std::string text = fmt::format("{} ({}) became {} ({}), version {}", Counted(report.removed, "file"),
                                 ReadableBytes(report.removed_bytes), ReadableCount(report.added),
                                 ReadableBytes(report.added_bytes), report.version);
  if (report.dropped > 0) {
    text += fmt::format("; {} left, as another writer was ahead", Counted(report.dropped, "file"));
  }
  return text;
}

std::string Text(const delta::VacuumReport& report, bool dry_run) {
  return fmt::format("{}, {} {}; {} looked at, {} kept as too young", Counted(report.files, "file"),
                     ReadableBytes(report.bytes), dry_run ? "would be deleted" : "deleted",
                     ReadableCount(report.looked_at), ReadableCount(report.young));
}

std::string Text(const CheckpointReport& report, bool /*dry_run*/) {
  if (!report.written) return "the newest version has a checkpoint";
  return fmt::format("checkpoint of version {} written", *report.written);
}

std::string Text(const load::LogUpkeep& upkeep, bool dry_run) {
  const delta::LogCleanupReport& report = upkeep.report;
  std::string text = report.kept_from < 0
                         ? "nothing to do: no checkpoint is old enough"
                         : fmt::format("{}, {} {}; version {} is the oldest that can be read",
                                       Counted(report.files, "file"), ReadableBytes(report.bytes),
                                       dry_run ? "would be deleted" : "deleted", report.kept_from);
  if (upkeep.absorbed && upkeep.absorbed->version < report.version) {
    text +=
        fmt::format("; kept from version {} on for {}", std::max<std::int64_t>(upkeep.absorbed->version, 0),
                    OneLine(upkeep.absorbed->behind));
  }
  return text;
}

void Write(JsonWriter& json, const delta::OptimizeReport& report) {
  json.Key("version");
  report.version < 0 ? json.Null() : json.Int(report.version);
  json.Key("commits").Int(report.commits);
  json.Key("files_removed").Int(report.removed);
  json.Key("files_added").Int(report.added);
  json.Key("bytes_removed").Int(report.removed_bytes);
  json.Key("bytes_added").Int(report.added_bytes);
  json.Key("files_dropped").Int(report.dropped);
}

void Write(JsonWriter& json, const delta::VacuumReport& report) {
  json.Key("version").Int(report.version);
  json.Key("retention_ms").Int(report.retention.count());
  json.Key("looked_at").Int(report.looked_at);
  json.Key("young").Int(report.young);
  json.Key("files").Int(report.files);
  json.Key("bytes").Int(report.bytes);
}

void Write(JsonWriter& json, const CheckpointReport& report) {
  json.Key("written");
  report.written ? json.Int(*report.written) : json.Null();
}

void Write(JsonWriter& json, const load::LogUpkeep& upkeep) {
  json.Key("version").Int(upkeep.report.version);
  json.Key("kept_from");
  upkeep.report.kept_from < 0 ? json.Null() : json.Int(upkeep.report.kept_from);
  json.Key("files").Int(upkeep.report.files);
  json.Key("bytes").Int(upkeep.report.bytes);
  if (!upkeep.absorbed) return;
  json.Key("absorbed").Int(upkeep.absorbed->version);
  WriteText(json, "absorbed_by", upkeep.absorbed->behind);
}

}  // namespace

std::string UpkeepText(const std::vector<UpkeepResult>& results, bool dry_run) {
  std::size_t width = 0;
  for (const UpkeepResult& result : results) width = std::max(width, OneLine(result.table).size());
  std::string text;
  for (const UpkeepResult& result : results) {
    for (const RemovedFile& file : result.files) {
      text += fmt::format("{:>10}  {}/{}\n", ReadableBytes(file.bytes), OneLine(result.table),
                          OneLine(file.path));
    }
    if (result.error) continue;  // told where errors are
    const std::string what =
        std::visit([&](const auto& report) { return Text(report, dry_run); }, result.report);
    text += fmt::format("{:<{}}  {}\n", OneLine(result.table), width, what);
  }
  return text;
}

std::string UpkeepJson(const std::vector<UpkeepResult>& results, bool dry_run) {
  JsonWriter json;
  json.BeginObject();
  if (dry_run) json.Key("dry_run").Bool(true);
  json.Key("tables").BeginArray();
  for (const UpkeepResult& result : results) {
    json.BeginObject();
    WriteText(json, "table", result.table);
    if (result.error) {
      json.Key("error").BeginObject().Key("kind").String(ToString(result.error->kind()));
      WriteText(json, "message", result.error->message());
      json.EndObject();
    } else {
      std::visit([&](const auto& report) { Write(json, report); }, result.report);
    }
    if (dry_run) {
      json.Key("removed").BeginArray();
      for (const RemovedFile& file : result.files) {
        json.BeginObject();
        WriteText(json, "path", file.path);
        json.Key("bytes").Int(file.bytes).EndObject();
      }
      json.EndArray();
    }
    json.EndObject();
  }
  json.EndArray().EndObject();
  return std::move(json).Take();
}

}  // namespace rtl::cli
