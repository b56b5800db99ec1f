// The reports of load/loader.h as text for a person.
#pragma once

#include <string>

#include "load/loader.h"

namespace rtl::cli {

// Where things lie, so that a report can say where to look.
struct Places {
  std::string source;
  std::string tables;
  std::string quarantine;  // the table's folder; empty when rejected lines are not kept
};

std::string SyncText(const load::SyncReport& report, const Places& places);
std::string PlanText(const load::PlanReport& report, const Places& places);
// `repaired`: what differed before a repair.
std::string VerifyText(const load::VerifyReport& report, const Places& places,
                       const std::vector<load::Difference>& repaired = {});
std::string StatusText(const load::StatusReport& report, const Places& places);

// "3 loaded, 1 replaced"; outcomes that did not occur are left out, "nothing to do" when none did.
std::string OutcomesText(const load::SyncReport& report);

// What the owner of a held or failed file can do.
std::string AdviceFor(const load::FileReport& problem);

}  // namespace rtl::cli
