#include "cli/config.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "cli/config_schema.h"

namespace rtl::cli {
namespace {

class TomlApplier {
 public:
  TomlApplier(const std::string& file, Config& config) : file_(file), config_(config) {}

  Result<> Apply(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const std::string key =
          prefix.empty() ? std::string(name.str()) : fmt::format("{}.{}", prefix, name.str());
      if (const OptionSpec* spec = FindOption(key)) {
        RTL_CHECK(Set(*spec, node));
      } else if (const toml::table* inner = node.as_table(); inner && IsSection(key)) {
        RTL_CHECK(Apply(*inner, key));
      } else {
        return Unknown(key, node);
      }
    }
    return {};
  }

 private:
  static bool IsSection(std::string_view key) {
    for (const OptionSpec& spec : OptionSpecs()) {
      if (spec.key.starts_with(key) && spec.key.size() > key.size() && spec.key[key.size()] == '.')
        return true;
    }
    return false;
  }

  static std::optional<ConfigValue> ValueOf(const toml::node& node) {
    if (const auto* text = node.as_string()) return ConfigValue(text->get());
    if (const auto* flag = node.as_boolean()) return ConfigValue(flag->get());
    if (const auto* whole = node.as_integer()) return ConfigValue(whole->get());
    if (const auto* number = node.as_floating_point()) return ConfigValue(number->get());
    return std::nullopt;
  }

  std::string Where(const toml::node& node) const {
    return fmt::format("{}:{}", file_, node.source().begin.line);
  }

  Result<> Set(const OptionSpec& spec, const toml::node& node) {
    const std::string where = fmt::format("{}: {}", Where(node), spec.key);
    const std::optional<ConfigValue> value = ValueOf(node);
    if (!value) {
      const std::string_view held = node.is_table()   ? "a table"
                                    : node.is_array() ? "an array"
                                                      : "a date or time";
      return Fail(ErrorKind::kBadConfig,
                  fmt::format("{}: takes one value ({}), not {}", where, spec.type, held));
    }
    if (Result<> set = spec.set(*value, config_); !set) return Fail(set.error().Wrap(where));
    return {};
  }

  Result<> Unknown(const std::string& key, const toml::node& node) const {
    const bool section = node.is_table() || node.is_array_of_tables();
    const std::string nearest = section ? NearestSection(key) : NearestOption(key);
    std::string message =
        fmt::format("{}: {}: there is no such {}", Where(node), key, section ? "section" : "option");
    if (!nearest.empty()) {
      message += fmt::format("; did you mean {}?", nearest);
    } else {
      message += "; docs/configuration.md lists them all";
    }
    return Fail(ErrorKind::kBadConfig, std::move(message));
  }

  const std::string& file_;
  Config& config_;
};

void ResolveBeside(const std::filesystem::path& folder, std::string& path, const std::string& before) {
  if (path == before || path.empty() || path.find("://") != std::string::npos) return;
  if (std::filesystem::path(path).is_relative()) path = (folder / path).lexically_normal().string();
}

}  // namespace

Result<> ApplyToml(std::string_view text, const std::string& file, Config& config) {
  const Config before = config;
  try {
    const toml::table document = toml::parse(text, file);
    RTL_CHECK(TomlApplier(file, config).Apply(document, ""));
  } catch (const toml::parse_error& error) {
    return Fail(ErrorKind::kBadConfig,
                fmt::format("{}:{}: not TOML: {}", file, error.source().begin.line, error.description()));
  }
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  ResolveBeside(folder, config.source, before.source);
  ResolveBeside(folder, config.tables, before.tables);
  return {};
}

Result<> ReadConfigFile(const std::string& file, Config& config) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    return Fail(ErrorKind::kBadConfig, fmt::format("{}: is a folder, not a configuration file", file));
  }
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.is_open() || in.bad()) {
    return Fail(ErrorKind::kBadConfig, fmt::format("{}: cannot read this configuration file: {}", file,
                                                   std::strerror(errno != 0 ? errno : EIO)));
  }
  return ApplyToml(text, file, config);
}

Result<> ApplyEnvironment(std::span<const char* const> variables, Config& config) {
  constexpr std::string_view kPrefix = "RTLOADER_";
  std::map<std::string, const OptionSpec*> by_name;
  for (const OptionSpec& spec : OptionSpecs()) {
    std::string name(kPrefix);
    for (const char c : spec.key)
      name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    by_name[name] = &spec;
  }
  for (const char* variable : variables) {
    const std::string_view text(variable);
    if (!text.starts_with(kPrefix)) continue;
    const std::size_t end = text.find('=');
    if (end == std::string_view::npos) continue;
    const auto spec = by_name.find(std::string(text.substr(0, end)));
    if (spec == by_name.end()) continue;  // others use the prefix too: RTLOADER_CONFIG, the tests
    const std::string value(text.substr(end + 1));
    if (Result<> set = spec->second->set(FromText(spec->second->type, value), config); !set) {
      return Fail(set.error().Wrap(fmt::format("environment variable {}", text.substr(0, end))));
    }
  }
  return {};
}

S3Settings Merged(const S3Settings& both, const S3Settings& side) {
  S3Settings merged = both;
  const auto take = [](std::string& to, const std::string& from) {
    if (!from.empty()) to = from;
  };
  take(merged.endpoint, side.endpoint);
  take(merged.region, side.region);
  take(merged.profile, side.profile);
  take(merged.role_arn, side.role_arn);
  if (!side.access_key_id.empty()) {  // a key and its secret belong together
    merged.access_key_id = side.access_key_id;
    merged.secret_access_key = side.secret_access_key;
    merged.session_token = side.session_token;
  }
  return merged;
}

Result<> CheckConfig(const Config& config) {
  if (config.load.shard >= config.load.shards) {
    return Fail(ErrorKind::kBadConfig,
                fmt::format("source.shard = {} is not one of source.shards = {}: they count from 0",
                            config.load.shard, config.load.shards));
  }
  const load::TableNames& names = config.load.tables;
  std::map<std::string, std::string_view> used;
  const std::pair<const std::string*, std::string_view> all[] = {{&names.snapshot, "tables.snapshot"},
                                                                 {&names.raw, "tables.raw"},
                                                                 {&names.file_records, "tables.file_records"},
                                                                 {&names.file_log, "tables.file_log"},
                                                                 {&names.quarantine, "tables.quarantine"}};
  for (const auto& [name, key] : all) {
    const auto [other, added] = used.emplace(*name, key);
    if (!added) {
      return Fail(ErrorKind::kBadConfig,
                  fmt::format("{} and {} are both \"{}\": every table needs its own name", other->second, key,
                              *name));
    }
  }
  return {};
}

}  // namespace rtl::cli
