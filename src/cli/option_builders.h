// Makers of the options' common kinds, for the tables of options. Internal to the configuration.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "cli/config_schema.h"

namespace rtl::cli {

// Where an option lies in a configuration. Reading goes through the same function: nothing is written then.
template <typename T>
using At = T& (*)(Config&);

OptionSpec TextOption(std::string_view key, At<std::string> at, Result<> (*check)(const std::string&),
                      std::string_view type = "string");
OptionSpec BooleanOption(std::string_view key, At<bool> at);
OptionSpec IntegerOption(std::string_view key, At<int> at, std::int64_t least, std::int64_t most);
OptionSpec LongOption(std::string_view key, At<std::int64_t> at, std::int64_t least, std::int64_t most);
OptionSpec RatioOption(std::string_view key, At<double> at);
OptionSpec SizeOption(std::string_view key, At<std::int64_t> at, std::int64_t least);
OptionSpec DurationOption(std::string_view key, At<std::chrono::milliseconds> at,
                          std::chrono::milliseconds least);
// One of a few words; `words` separated by '|', the first one the default.
OptionSpec WordOption(std::string_view key, At<std::string> at, std::string_view words,
                      std::string_view type);

// What a value says, when it is a string; `wanted` is what the message asks for.
Result<std::string> TextOf(const ConfigValue& value, std::string_view wanted);
std::string Quoted(const std::string& text);  // as a TOML string

Result<> AnyText(const std::string& text);
Result<> NotEmpty(const std::string& text);

std::vector<OptionSpec> AwsOptions();  // [s3], [source_s3], [tables_s3], [events]

}  // namespace rtl::cli
