// The command line as a value.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/config.h"
#include "core/error.h"
#include "load/loader.h"

namespace rtl::cli {

enum class Command {
  kSync,
  kWatch,
  kLambda,
  kPlan,
  kVerify,
  kStatus,
  kShow,
  kDoctor,
  kConvertLayout,
  kOptimize,
  kVacuum,
  kCheckpoint,
  kCleanLog,
};

struct Invocation {
  Command command = Command::kSync;
  Config config;  // of the file, and of the command line over it
  bool json = false;
  bool fast = false;                            // verify
  bool repair = false;                          // verify
  load::RunBounds bounds;                       // sync
  load::Layout layout = load::Layout::kPacked;  // convert-layout
  std::string table;                            // show: a table's folder, or a table's name below tables.root
  std::int64_t limit = 20;                      // show; 0: all rows
  std::optional<std::int64_t> at;               // show: a version of the table
  std::string policy;                           // checkpoint: "classic", "v2"; empty: the table's
  std::string at_time;                          // show: the version of that time; empty: not asked for
  std::vector<std::string> columns;             // show; empty: all
  std::string where;                            // show: a condition on rows; empty: all
  std::string partition_zone = "UTC";           // show: of timestamps without a zone in partition values
  // optimize, vacuum, checkpoint, clean-log: as `table`, or the tables' root; empty: all below tables.root
  std::vector<std::string> tables_named;
  std::optional<std::chrono::milliseconds> retention;  // vacuum; absent: the tables' own
  bool dry_run = false;                                // vacuum, clean-log
  bool force = false;                                  // vacuum
};

// --help and --version: to be printed, exit 0.
struct Answer {
  std::string text;
};

// `arguments` without the program's name. Reads the configuration file that they or RTLOADER_CONFIG name;
// over it come the `variables`, over them the command line. kBadConfig.
Result<std::variant<Invocation, Answer>> ParseArguments(std::span<const char* const> arguments,
                                                        std::string_view version,
                                                        std::span<const char* const> variables = {});

}  // namespace rtl::cli
