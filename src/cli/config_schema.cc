#include "cli/config_schema.h"

#include <fmt/format.h>

#include <limits>
#include <set>

#include "cli/quantities.h"
#include "decode/columns.h"
#include "discover/source_listing.h"

namespace rtl::cli {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

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

using Text = std::string& (*)(Config&);
// Accessors read from a constant configuration too: nothing is written through them then.
template <typename T>
const T& Read(T& (*at)(Config&), const Config& config) {
  return at(const_cast<Config&>(config));
}

OptionSpec TextOption(std::string_view key, Text at, Result<> (*check)(const std::string&),
                      std::string_view type = "string") {
  return {key, type,
          [=](const ConfigValue& value, Config& config) -> Result<> {
            RTL_TRY(std::string text, As<std::string>(value, "a string"));
            RTL_CHECK(check(text));
            at(config) = std::move(text);
            return {};
          },
          [=](const Config& config) { return Quoted(Read(at, config)); }};
}

OptionSpec BooleanOption(std::string_view key, bool& (*at)(Config&)) {
  return {key, "boolean",
          [=](const ConfigValue& value, Config& config) -> Result<> {
            RTL_TRY(at(config), As<bool>(value, "true or false"));
            return {};
          },
          [=](const Config& config) { return Read(at, config) ? "true" : "false"; }};
}

template <typename T>
OptionSpec IntegerOption(std::string_view key, T& (*at)(Config&), std::int64_t least, std::int64_t most) {
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

OptionSpec RatioOption(std::string_view key, double& (*at)(Config&)) {
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

OptionSpec SizeOption(std::string_view key, std::int64_t& (*at)(Config&), std::int64_t least) {
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

OptionSpec DurationOption(std::string_view key, std::chrono::milliseconds& (*at)(Config&),
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

Result<> NotEmpty(const std::string& text) {
  if (text.empty()) return Bad("must not be empty");
  return {};
}

Result<> IsTableName(const std::string& name) {
  if (name.empty() || name.front() == '.' || name.front() == '_' || name.find('/') != std::string::npos ||
      name.find('\0') != std::string::npos) {
    return Bad(fmt::format(
        "\"{}\" is not a table's name: it must be a folder's name without '/', and not begin with "
        "'.' or '_'",
        name));
  }
  return {};
}

Result<> IsPattern(const std::string& pattern) {
  const auto rules = discover::SourceRules::Make(pattern);
  if (rules) return {};
  // Whoever shows it says which option it is.
  std::string_view message = rules.error().message();
  if (constexpr std::string_view kOption = "source.pattern "; message.starts_with(kOption)) {
    message.remove_prefix(kOption.size());
  }
  return Fail(rules.error().kind(), std::string(message));
}

OptionSpec SchemaOption() {
  return {"rows.schema", "schema",
          [](const ConfigValue& value, Config& config) -> Result<> {
            RTL_TRY(std::string text, As<std::string>(value, "a schema such as \"wid STRING, n BIGINT\""));
            std::vector<decode::Column> columns;
            if (!text.empty()) {
              RTL_TRY(columns, decode::ParsePinnedColumns(text));
            }
            config.load.pinned_columns = std::move(columns);
            config.schema = std::move(text);
            return {};
          },
          [](const Config& config) { return Quoted(config.schema); }};
}

OptionSpec LogFormatOption() {
  return {
      "log.format", "\"text\" or \"json\"",
      [](const ConfigValue& value, Config& config) -> Result<> {
        RTL_TRY(const std::string text, As<std::string>(value, "\"text\" or \"json\""));
        if (text != "text" && text != "json") {
          return Bad(fmt::format("must be \"text\" or \"json\", not \"{}\"", text));
        }
        config.log_format = text == "json" ? LogFormat::kJson : LogFormat::kText;
        return {};
      },
      [](const Config& config) { return config.log_format == LogFormat::kJson ? "\"json\"" : "\"text\""; }};
}

std::vector<OptionSpec> AllOptions() {
  using std::chrono::milliseconds;
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  return {
      TextOption(
          "source.path", [](Config& c) -> std::string& { return c.source; }, NotEmpty, "folder"),
      TextOption(
          "source.pattern", [](Config& c) -> std::string& { return c.load.source_pattern; }, IsPattern,
          "pattern"),
      TextOption(
          "tables.root", [](Config& c) -> std::string& { return c.tables; }, NotEmpty, "folder"),
      TextOption(
          "tables.snapshot", [](Config& c) -> std::string& { return c.load.tables.snapshot; }, IsTableName),
      TextOption(
          "tables.raw", [](Config& c) -> std::string& { return c.load.tables.raw; }, IsTableName),
      TextOption(
          "tables.file_records", [](Config& c) -> std::string& { return c.load.tables.file_records; },
          IsTableName),
      TextOption(
          "tables.file_log", [](Config& c) -> std::string& { return c.load.tables.file_log; }, IsTableName),
      TextOption(
          "tables.quarantine", [](Config& c) -> std::string& { return c.load.tables.quarantine; },
          IsTableName),
      BooleanOption("raw.enabled", [](Config& c) -> bool& { return c.load.raw; }),
      BooleanOption("quarantine.enabled", [](Config& c) -> bool& { return c.load.quarantine; }),
      SchemaOption(),
      IntegerOption<int>(
          "rows.max_columns", [](Config& c) -> int& { return c.load.max_columns; }, 1, 100'000),
      SizeOption(
          "rows.max_line_bytes", [](Config& c) -> std::int64_t& { return c.load.max_line_bytes; }, 1024),
      SizeOption(
          "rows.max_decompressed_bytes",
          [](Config& c) -> std::int64_t& { return c.load.max_decompressed_bytes; }, 1024),
      BooleanOption("guard.allow_empty", [](Config& c) -> bool& { return c.load.guard.allow_empty; }),
      RatioOption("guard.max_rejected", [](Config& c) -> double& { return c.load.guard.max_rejected; }),
      RatioOption("guard.max_deleted", [](Config& c) -> double& { return c.load.guard.max_deleted; }),
      IntegerOption<std::int64_t>(
          "guard.max_deleted_min", [](Config& c) -> std::int64_t& { return c.load.guard.max_deleted_min; }, 0,
          kMost),
      BooleanOption("guard.allow_mass_delete",
                    [](Config& c) -> bool& { return c.load.guard.allow_mass_delete; }),
      SizeOption(
          "load.memory", [](Config& c) -> std::int64_t& { return c.load.memory_bytes; }, 64 * kMiB),
      IntegerOption<int>(
          "load.threads", [](Config& c) -> int& { return c.load.threads; }, 0, 1024),
      IntegerOption<int>(
          "commit.max_files", [](Config& c) -> int& { return c.load.commit_max_files; }, 1, 100'000),
      IntegerOption<int>(
          "commit.checkpoint_interval", [](Config& c) -> int& { return c.load.checkpoint_interval; }, 1,
          100'000),
      DurationOption(
          "watch.list_interval", [](Config& c) -> milliseconds& { return c.load.list_interval; },
          milliseconds(100)),
      DurationOption(
          "watch.derive_interval", [](Config& c) -> milliseconds& { return c.load.derive_interval; },
          milliseconds(10)),
      DurationOption(
          "watch.max_derivation_lag", [](Config& c) -> milliseconds& { return c.load.max_derivation_lag; },
          milliseconds(60'000)),
      LogFormatOption(),
  };
}

// Letters inserted, left out, replaced, or swapped with their neighbour.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) rows[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[a.size()][b.size()];
}

std::string_view SectionOf(std::string_view key) {
  return key.substr(0, key.find('.'));
}
std::string_view NameOf(std::string_view key) {
  return key.substr(key.find('.') + 1);
}

}  // namespace

const std::vector<OptionSpec>& OptionSpecs() {
  static const std::vector<OptionSpec> specs = AllOptions();
  return specs;
}

const OptionSpec* FindOption(std::string_view key) {
  for (const OptionSpec& spec : OptionSpecs()) {
    if (spec.key == key) return &spec;
  }
  return nullptr;
}

std::string Nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string nearest;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = EditDistance(word, candidate);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string NearestOption(std::string_view key) {
  std::vector<std::string> all;
  std::vector<std::string> names;  // of the same section: there the name alone counts
  for (const OptionSpec& spec : OptionSpecs()) {
    all.emplace_back(spec.key);
    if (SectionOf(spec.key) == SectionOf(key)) names.emplace_back(NameOf(spec.key));
    // The right name in a wrong section is the likeliest of mistakes.
    if (NameOf(spec.key) == NameOf(key) && SectionOf(spec.key) != "tables") return std::string(spec.key);
  }
  if (const std::string name = Nearest(NameOf(key), names); !name.empty()) {
    return fmt::format("{}.{}", SectionOf(key), name);
  }
  return Nearest(key, all);
}

std::string NearestSection(std::string_view section) {
  std::set<std::string> sections;
  for (const OptionSpec& spec : OptionSpecs()) sections.emplace(SectionOf(spec.key));
  return Nearest(section, {sections.begin(), sections.end()});
}

}  // namespace rtl::cli
