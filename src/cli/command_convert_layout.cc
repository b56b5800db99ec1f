#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/quantities.h"
#include "cli/session.h"
#include "core/json_writer.h"

namespace rtl::cli {
namespace {

std::string Json(const load::RepackReport& report) {
  JsonWriter json;
  json.BeginObject().Key("snapshot_version");
  report.version < 0 ? json.Null() : json.Int(report.version);
  json.Key("files_before").Int(report.files_before).Key("files_after").Int(report.files_after);
  json.Key("bytes_before").Int(report.bytes_before).Key("bytes_after").Int(report.bytes_after);
  json.Key("rows").Int(report.rows).EndObject();
  return std::move(json).Take() + "\n";
}

std::string Text(const load::RepackReport& report) {
  if (report.version < 0) return "the snapshot has that layout already\n";
  return fmt::format("version {}: {} data files became {}, {} rows\n", report.version, report.files_before,
                     report.files_after, report.rows);
}

}  // namespace

Result<int> RunConvertLayout(const Invocation& invocation, const Environment& environment) {
  RTL_TRY(const Session session,
          OpenSession(invocation.config, environment, nullptr, MissingTables::kRefuse));
  RTL_TRY(const load::RepackReport report,
          session.loader->ConvertLayout(invocation.layout, environment.stop));
  environment.out.write(invocation.json ? Json(report) : Text(report));
  return kExitOk;
}

}  // namespace rtl::cli
