// The reports of load/loader.h as JSON: docs/commands.md. One object, no line end. Always valid UTF-8: other
// bytes of a file's name become \xNN (display_text.h).
#pragma once

#include <string>
#include <string_view>

#include "cli/reports_text.h"
#include "core/error.h"
#include "core/json_writer.h"
#include "load/loader.h"

namespace rtl::cli {

std::string SyncJson(const load::SyncReport& report, const Places& places);
std::string PlanJson(const load::PlanReport& report);
std::string VerifyJson(const load::VerifyReport& report, const std::vector<load::Difference>& repaired = {});
std::string StatusJson(const load::StatusReport& report);
std::string ErrorJson(const Error& error);  // {"error":{"kind":"bad_config","message":"..."}}

void WriteFileReport(JsonWriter& json, const load::FileReport& file);
void WriteText(JsonWriter& json, std::string_view key, std::string_view bytes);

}  // namespace rtl::cli
