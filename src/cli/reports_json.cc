#include "cli/reports_json.h"

#include "cli/display_text.h"

namespace rtl::cli {
namespace {

void WriteProblems(JsonWriter& json, const std::vector<load::FileReport>& problems) {
  json.Key("problems").BeginArray();
  for (const load::FileReport& problem : problems) WriteFileReport(json, problem);
  json.EndArray();
}

void WriteVersion(JsonWriter& json, std::string_view key, std::int64_t version) {
  json.Key(key);
  if (version < 0) {
    json.Null();
  } else {
    json.Int(version);
  }
}

}  // namespace

void WriteText(JsonWriter& json, std::string_view key, std::string_view bytes) {
  json.Key(key).String(ToValidUtf8(bytes));
}

void WriteFileReport(JsonWriter& json, const load::FileReport& file) {
  json.BeginObject();
  WriteText(json, "source_file", file.source_file);
  json.Key("outcome").String(load::ToString(file.outcome));
  json.Key("file_version").Int(file.file_version);
  json.Key("bytes").Int(file.bytes);
  json.Key("rows").Int(file.rows);
  json.Key("rejected").Int(file.rejected);
  json.Key("blank_lines").Int(file.blank_lines);
  WriteText(json, "error", file.error);
  json.EndObject();
}

std::string SyncJson(const load::SyncReport& r, const Places& places) {
  JsonWriter json;
  json.BeginObject();
  json.Key("converged").Bool(r.converged());
  json.Key("files_seen").Int(r.files_seen);
  json.Key("ignored").Int(r.ignored);
  json.Key("loaded").Int(r.loaded);
  json.Key("replaced").Int(r.replaced);
  json.Key("deleted").Int(r.deleted);
  json.Key("unchanged").Int(r.unchanged);
  json.Key("held").Int(r.held);
  json.Key("failed").Int(r.failed);
  json.Key("up_to_date").Int(r.up_to_date);
  json.Key("rows").Int(r.rows);
  json.Key("rejected").Int(r.rejected);
  json.Key("bytes").Int(r.bytes);
  WriteVersion(json, "snapshot_version", r.snapshot_version);
  json.Key("commits").Int(r.commits);
  json.Key("left_over").Int(r.left_over);
  json.Key("found_by_listing").Int(r.found_by_listing);
  json.Key("seconds").Double(r.seconds);
  WriteText(json, "quarantine", places.quarantine);
  WriteProblems(json, r.problems);
  WriteText(json, "refused_deletes", r.refused_deletes);
  json.EndObject();
  return std::move(json).Take();
}

std::string PlanJson(const load::PlanReport& r) {
  JsonWriter json;
  json.BeginObject().Key("files").BeginArray();
  for (const load::PlannedFile& file : r.files) {
    json.BeginObject();
    WriteText(json, "source_file", file.source_file);
    WriteText(json, "action", file.action);
    json.Key("bytes").Int(file.bytes);
    WriteText(json, "reason", file.reason);
    json.EndObject();
  }
  json.EndArray();
  json.Key("up_to_date").Int(r.up_to_date);
  json.Key("bytes").Int(r.bytes);
  WriteText(json, "refused_deletes", r.refused_deletes);
  json.EndObject();
  return std::move(json).Take();
}

std::string VerifyJson(const load::VerifyReport& r, const std::vector<load::Difference>& repaired) {
  JsonWriter json;
  json.BeginObject();
  json.Key("agrees").Bool(r.differences.empty());
  json.Key("files").Int(r.files);
  json.Key("rows").Int(r.rows);
  json.Key("fast").Bool(r.fast);
  WriteVersion(json, "snapshot_version", r.snapshot_version);
  const auto list = [&](std::string_view key, const std::vector<load::Difference>& differences) {
    json.Key(key).BeginArray();
    for (const load::Difference& difference : differences) {
      json.BeginObject();
      WriteText(json, "source_file", difference.source_file);
      WriteText(json, "what", difference.what);
      json.EndObject();
    }
    json.EndArray();
  };
  list("differences", r.differences);
  list("repaired", repaired);
  json.EndObject();
  return std::move(json).Take();
}

std::string StatusJson(const load::StatusReport& r) {
  JsonWriter json;
  json.BeginObject();
  WriteText(json, "source_uri", r.source_uri);
  json.Key("source_files").Int(r.source_files);
  json.Key("derivation_lag").Int(r.derivation_lag);
  json.Key("tables").BeginArray();
  for (const load::TableStatus& table : r.tables) {
    json.BeginObject();
    WriteText(json, "name", table.name);
    WriteVersion(json, "version", table.version);
    json.Key("files").Int(table.files);
    json.Key("rows").Int(table.rows);
    json.Key("bytes").Int(table.bytes);
    WriteVersion(json, "absorbed", table.absorbed);
    json.Key("last_commit_at");
    if (table.last_commit_at) {
      json.String(FormatTimestamp(*table.last_commit_at));
    } else {
      json.Null();
    }
    json.EndObject();
  }
  json.EndArray();
  json.Key("runs").BeginArray();
  for (const load::RunInfo& run : r.runs) load::WriteRunInfo(json, run);
  json.EndArray();
  WriteProblems(json, r.problems);
  json.EndObject();
  return std::move(json).Take();
}

std::string ErrorJson(const Error& error) {
  JsonWriter json;
  json.BeginObject().Key("error").BeginObject();
  json.Key("kind").String(ToString(error.kind()));
  WriteText(json, "message", error.message());
  json.EndObject().EndObject();
  return std::move(json).Take();
}

}  // namespace rtl::cli
