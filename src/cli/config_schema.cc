#include "cli/config_schema.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <set>

#include "cli/option_builders.h"
#include "decode/columns.h"
#include "discover/source_listing.h"

namespace rtl::cli {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

std::unexpected<Error> Bad(std::string message) {
  return Fail(ErrorKind::kBadConfig, std::move(message));
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
            RTL_TRY(std::string text, TextOf(value, "a schema such as \"wid STRING, n BIGINT\""));
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
        RTL_TRY(const std::string text, TextOf(value, "\"text\" or \"json\""));
        if (text != "text" && text != "json") {
          return Bad(fmt::format("must be \"text\" or \"json\", not \"{}\"", text));
        }
        config.log_format = text == "json" ? LogFormat::kJson : LogFormat::kText;
        return {};
      },
      [](const Config& config) { return config.log_format == LogFormat::kJson ? "\"json\"" : "\"text\""; }};
}

OptionSpec LayoutOption() {
  return {"snapshot.layout", "\"per_file\" or \"packed\"",
          [](const ConfigValue& value, Config& config) -> Result<> {
            RTL_TRY(const std::string text, TextOf(value, "\"per_file\" or \"packed\""));
            if (text != "per_file" && text != "packed") {
              return Bad(fmt::format("must be \"per_file\" or \"packed\", not \"{}\"", text));
            }
            config.load.layout = text == "packed" ? load::Layout::kPacked : load::Layout::kPerFile;
            return {};
          },
          [](const Config& config) {
            return config.load.layout == load::Layout::kPacked ? "\"packed\"" : "\"per_file\"";
          }};
}

OptionSpec CheckpointPolicyOption() {
  using delta::CheckpointPolicy;
  return {"snapshot.checkpoint_policy", "\"classic\" or \"v2\"",
          [](const ConfigValue& value, Config& config) -> Result<> {
            RTL_TRY(const std::string text, TextOf(value, "\"classic\" or \"v2\""));
            if (text != "classic" && text != "v2") {
              return Bad(fmt::format("must be \"classic\" or \"v2\", not \"{}\"", text));
            }
            config.load.checkpoint_policy = text == "v2" ? CheckpointPolicy::kV2 : CheckpointPolicy::kClassic;
            return {};
          },
          [](const Config& config) {
            return config.load.checkpoint_policy == CheckpointPolicy::kV2 ? "\"v2\"" : "\"classic\"";
          }};
}

std::vector<OptionSpec> LocalOptions() {
  using std::chrono::milliseconds;
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  return {
      TextOption(
          "source.path", [](Config& c) -> std::string& { return c.source; }, NotEmpty, "folder"),
      TextOption(
          "source.pattern", [](Config& c) -> std::string& { return c.load.source_pattern; }, IsPattern,
          "pattern"),
      WordOption(
          "source.history", [](Config& c) -> std::string& { return c.history; }, "latest|all",
          "\"latest\" or \"all\""),
      IntegerOption(
          "source.shards", [](Config& c) -> int& { return c.load.shards; }, 1, 10'000),
      IntegerOption(
          "source.shard", [](Config& c) -> int& { return c.load.shard; }, 0, 9'999),
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
      LayoutOption(),
      CheckpointPolicyOption(),
      BooleanOption("raw.enabled", [](Config& c) -> bool& { return c.load.raw; }),
      BooleanOption("quarantine.enabled", [](Config& c) -> bool& { return c.load.quarantine; }),
      SchemaOption(),
      IntegerOption(
          "rows.max_columns", [](Config& c) -> int& { return c.load.max_columns; }, 1, 100'000),
      SizeOption(
          "rows.max_line_bytes", [](Config& c) -> std::int64_t& { return c.load.max_line_bytes; }, 1024),
      SizeOption(
          "rows.max_decompressed_bytes",
          [](Config& c) -> std::int64_t& { return c.load.max_decompressed_bytes; }, 1024),
      BooleanOption("guard.allow_empty", [](Config& c) -> bool& { return c.load.guard.allow_empty; }),
      RatioOption("guard.max_rejected", [](Config& c) -> double& { return c.load.guard.max_rejected; }),
      RatioOption("guard.max_deleted", [](Config& c) -> double& { return c.load.guard.max_deleted; }),
      LongOption(
          "guard.max_deleted_min", [](Config& c) -> std::int64_t& { return c.load.guard.max_deleted_min; }, 0,
          kMost),
      BooleanOption("guard.allow_mass_delete",
                    [](Config& c) -> bool& { return c.load.guard.allow_mass_delete; }),
      SizeOption(
          "load.memory", [](Config& c) -> std::int64_t& { return c.load.memory_bytes; }, 64 * kMiB),
      IntegerOption(
          "load.threads", [](Config& c) -> int& { return c.load.threads; }, 0, 1024),
      IntegerOption(
          "load.concurrency", [](Config& c) -> int& { return c.load.concurrency; }, 0, 4096),
      IntegerOption(
          "commit.max_files", [](Config& c) -> int& { return c.load.commit_max_files; }, 1, 100'000),
      IntegerOption(
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

std::vector<OptionSpec> MaintenanceOptions() {
  using std::chrono::milliseconds;
  constexpr milliseconds kNever{0};
  constexpr milliseconds kDay = std::chrono::days(1);
  return {
      BooleanOption("maintenance.enabled", [](Config& c) -> bool& { return c.load.maintenance.enabled; }),
      BooleanOption("maintenance.on_sync", [](Config& c) -> bool& { return c.load.maintenance.on_sync; }),
      DurationOption(
          "maintenance.optimize_interval",
          [](Config& c) -> milliseconds& { return c.load.maintenance.optimize_interval; }, kNever),
      IntegerOption(
          "maintenance.small_files", [](Config& c) -> int& { return c.load.maintenance.small_files; }, 2,
          1'000'000),
      SizeOption(
          "maintenance.target_size",
          [](Config& c) -> std::int64_t& { return c.load.maintenance.target_bytes; }, kMiB),
      DurationOption(
          "maintenance.vacuum_interval",
          [](Config& c) -> milliseconds& { return c.load.maintenance.vacuum_interval; }, kNever),
      DurationOption(
          "maintenance.retention", [](Config& c) -> milliseconds& { return c.load.maintenance.retention; },
          kDay),
      DurationOption(
          "maintenance.log_interval",
          [](Config& c) -> milliseconds& { return c.load.maintenance.log_interval; }, kNever),
      DurationOption(
          "maintenance.log_retention",
          [](Config& c) -> milliseconds& { return c.load.maintenance.log_retention; }, kDay),
  };
}

std::vector<OptionSpec> AllOptions() {
  std::vector<OptionSpec> all = LocalOptions();
  for (OptionSpec& spec : MaintenanceOptions()) all.push_back(std::move(spec));
  for (OptionSpec& spec : AwsOptions()) all.push_back(std::move(spec));
  return all;
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

ConfigValue FromText(std::string_view type, const std::string& text) {
  const char* end = text.data() + text.size();
  if (type == "boolean") return text == "true";
  if (type == "integer" || type == "ratio") {
    std::int64_t whole = 0;
    if (const auto [rest, error] = std::from_chars(text.data(), end, whole);
        error == std::errc() && rest == end) {
      return whole;
    }
    double number = 0;
    if (const auto [rest, error] = std::from_chars(text.data(), end, number);
        error == std::errc() && rest == end) {
      return number;
    }
  }
  return text;
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
