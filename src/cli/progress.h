// How far a run is: counters, and the line drawn from them. Drawing is a pure function of counters and width.
#pragma once

#include <cstdint>
#include <string>

#include "load/loader.h"

namespace rtl::cli {

struct ProgressCounters {
  std::int64_t planned_files = 0, planned_bytes = 0;
  std::int64_t done_files = 0, done_bytes = 0;
  std::int64_t rows = 0, rejected = 0, problems = 0;  // problems: held or failed
  double seconds = 0;                                 // since the run began

  void Count(const load::FileReport& file);
};

// For a terminal of `width` columns, at most width - 1 of them used; parts that do not fit are left out:
// "[######......]  52%  120/230 files  1,234,567 rows  45.2 MB  23.1 MB/s  3 rejected". "Listing ..." before
// a plan.
std::string ProgressBar(const ProgressCounters& counters, int width);

// For a log: "120 of 230 files, 45.2 MB of 90.1 MB, 1,234,567 rows, 23.1 MB/s".
std::string ProgressLine(const ProgressCounters& counters);

}  // namespace rtl::cli
