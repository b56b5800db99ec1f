// What `rtloader doctor` looks at, one check after the other, and what each came to.
#pragma once

#include <string>
#include <vector>

#include "cli/aws_session.h"
#include "cli/config.h"

namespace rtl::cli {

struct Check {
  enum class State {
    kOk,
    kNote,     // nothing a run needs, but worth knowing
    kMissing,  // a run needs it
  };
  State state = State::kOk;
  std::string place;   // "source", "tables", "events", "credentials", "clock"
  std::string what;    // "list objects (s3:ListBucket)"
  std::string detail;  // what was seen, or the error with what to do
};

// Makes requests; writes and removes a few objects under names of their own below tables.root. Never fails:
// what goes wrong is a check.
std::vector<Check> Examine(AwsSession& aws, const Config& config);

std::string DoctorText(const std::vector<Check>& checks);
std::string DoctorJson(const std::vector<Check>& checks);
bool IsWell(const std::vector<Check>& checks);

}  // namespace rtl::cli
