// Every option of rtloader.toml, once: its name, its type, its bounds, where it goes. The parser, the command
// line's overrides and the test of the documentation read this table.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/config.h"

namespace rtl::cli {

using ConfigValue = std::variant<bool, std::int64_t, double, std::string>;

struct OptionSpec {
  std::string_view key;   // "load.memory"
  std::string_view type;  // as documented: "string", "boolean", "integer", "ratio", "size", "duration", ...
  // kBadConfig without file, line and key: "must be at least 16MiB, not 1MiB".
  std::function<Result<>(const ConfigValue&, Config&)> set;
  std::function<std::string(const Config&)> show;  // the present value as TOML
};

const std::vector<OptionSpec>& OptionSpecs();
const OptionSpec* FindOption(std::string_view key);  // null when unknown

// A value for an option of that type as the configuration file would have given it: for the command line and
// environment variables.
ConfigValue FromText(std::string_view type, const std::string& text);

// The key most like `key` among options, or sections ("load"); empty when none is near.
std::string NearestOption(std::string_view key);
std::string NearestSection(std::string_view section);

// The word most like `word`, at most a third of its letters away; empty when none is.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace rtl::cli
