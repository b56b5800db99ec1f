#include "cli/option_builders.h"

#include <fmt/format.h>

#include "cli/quantities.h"

namespace rtl::cli {
namespace {

std::unexpected<Error> Bad(std::string message) {
  return Fail(ErrorKind::kBadConfig, std::move(message));
}

std::string_view TypeOf(const ConfigValue& value) {
  constexpr std::string_view kNames[] = {"a boolean", "an integer", "a number", "a string"};
  return kNames[value.index()];
}

template <typename T>
Result<T> As(const ConfigValue& value, std::string_view wanted) {
  if (const T* held = std::get_if<T>(&value)) return *held;
  return Bad(fmt::format("must be {}, not {}", wanted, TypeOf(value)));
}

template <typename T>
const T& Read(At<T> at, const Config& config) {
  return at(const_cast<Config&>(config));
}

template <typename T>
OptionSpec WholeOption(std::string_view key, At<T> at, std::int64_t least, std::int64_t most) {
  return {key, "integer",
          [=](const ConfigValue& value, Config& config) -> Result<> {
            RTL_TRY(const std::int64_t number, As<std::int64_t>(value, "an integer"));
            if (number < least || number > most) {
              return Bad(fmt::format("must be from {} to {}, not {}", least, most, number));
            }
            at(config) = static_cast<T>(number);
            return {};
          },
          [=](const Config& config) { return fmt::format("{}", Read(at, config)); }};
}

}  // namespace

// A TOML string; backslashes of a pattern want a literal one.
std::string Quoted(const std::string& text) {
  if (text.find_first_of("\\\"") != std::string::npos && text.find('\'') == std::string::npos) {
    return "'" + text + "'";
  }
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out + "\"";
}

Result<std::string> TextOf(const ConfigValue& value, std::string_view wanted) {
  return As<std::string>(value, wanted);
}

OptionSpec TextOption(std::string_view key, At<std::string> at, Result<> (*check)(const std::string&),
                      std::string_view type) {
  return {key, type,
          [=](const ConfigValue& value, Config& config) -> Result<> {
            RTL_TRY(std::string text, As<std::string>(value, "a string"));
            RTL_CHECK(check(text));
            at(config) = std::move(text);
            return {};
          },
          [=](const Config& config) { return Quoted(Read(at, config)); }};
}

OptionSpec BooleanOption(std::string_view key, At<bool> at) {
  return {key, "boolean",
          [=](const ConfigValue& value, Config& config) -> Result<> {
            RTL_TRY(at(config), As<bool>(value, "true or false"));
            return {};
          },
          [=](const Config& config) { return Read(at, config) ? "true" : "false"; }};
}

OptionSpec IntegerOption(std::string_view key, At<int> at, std::int64_t least, std::int64_t most) {
  return WholeOption<int>(key, at, least, most);
}
OptionSpec LongOption(std::string_view key, At<std::int64_t> at, std::int64_t least, std::int64_t most) {
  return WholeOption<std::int64_t>(key, at, least, most);
}

OptionSpec RatioOption(std::string_view key, At<double> at) {
  return {key, "ratio",
          [=](const ConfigValue& value, Config& config) -> Result<> {
            const auto* whole = std::get_if<std::int64_t>(&value);
            RTL_TRY(const double number, whole ? Result<double>(static_cast<double>(*whole))
                                               : As<double>(value, "a number from 0 to 1"));
            if (!(number >= 0 && number <= 1)) return Bad(fmt::format("must be from 0 to 1, not {}", number));
            at(config) = number;
            return {};
          },
          [=](const Config& config) { return fmt::format("{}", Read(at, config)); }};
}

OptionSpec SizeOption(std::string_view key, At<std::int64_t> at, std::int64_t least) {
  return {key, "size",
          [=](const ConfigValue& value, Config& config) -> Result<> {
            RTL_TRY(const std::string text, As<std::string>(value, "a size such as \"512MB\" or \"64MiB\""));
            RTL_TRY(const std::int64_t bytes, ParseSize(text));
            if (bytes < least) return Bad(fmt::format("must be at least {}, not {}", ExactSize(least), text));
            at(config) = bytes;
            return {};
          },
          [=](const Config& config) { return Quoted(ExactSize(Read(at, config))); }};
}

OptionSpec DurationOption(std::string_view key, At<std::chrono::milliseconds> at,
                          std::chrono::milliseconds least) {
  return {key, "duration",
          [=](const ConfigValue& value, Config& config) -> Result<> {
            RTL_TRY(const std::string text,
                    As<std::string>(value, "a duration such as \"500ms\", \"30s\" or \"1h\""));
            RTL_TRY(const std::chrono::milliseconds duration, ParseDuration(text));
            if (duration < least)
              return Bad(fmt::format("must be at least {}, not {}", ExactDuration(least), text));
            at(config) = duration;
            return {};
          },
          [=](const Config& config) { return Quoted(ExactDuration(Read(at, config))); }};
}

OptionSpec WordOption(std::string_view key, At<std::string> at, std::string_view words,
                      std::string_view type) {
  return {key, type,
          [=](const ConfigValue& value, Config& config) -> Result<> {
            RTL_TRY(std::string text, As<std::string>(value, "a string"));
            for (std::string_view rest = words; !rest.empty();) {
              const std::size_t end = std::min(rest.find('|'), rest.size());
              if (rest.substr(0, end) == text) {
                at(config) = std::move(text);
                return {};
              }
              rest.remove_prefix(std::min(end + 1, rest.size()));
            }
            return Bad(fmt::format("must be {}, not \"{}\"", type, text));
          },
          [=](const Config& config) { return Quoted(Read(at, config)); }};
}

Result<> AnyText(const std::string& /*text*/) {
  return {};
}

Result<> NotEmpty(const std::string& text) {
  if (text.empty()) return Bad("must not be empty");
  return {};
}

}  // namespace rtl::cli
