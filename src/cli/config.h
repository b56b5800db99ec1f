// What a run is told: rtloader.toml, then the command line over it. docs/configuration.md.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "load/options.h"

namespace rtl::cli {

enum class LogFormat { kText, kJson };

struct Config {
  std::string source;  // source.path: a folder; empty until given
  std::string tables;  // tables.root: a folder; empty until given
  load::Options load;
  std::string schema;  // rows.schema as written; load.pinned_columns is what it means
  LogFormat log_format = LogFormat::kText;
};

// `text` over `config`. Errors are kBadConfig and begin with "file:line: option: ". Relative folders are
// those beside the file.
Result<> ApplyToml(std::string_view text, const std::string& file, Config& config);

// The same from the file. kBadConfig where it cannot be read.
Result<> ReadConfigFile(const std::string& file, Config& config);

// What no single option can know: that table names differ. kBadConfig.
Result<> CheckConfig(const Config& config);

}  // namespace rtl::cli
