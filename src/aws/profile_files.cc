#include "aws/profile_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/credentials_sources.h"

namespace rtl::aws {
namespace {

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Up to a # or ; after a blank.
std::string_view WithoutComment(std::string_view text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    const bool after_blank = text[at - 1] == ' ' || text[at - 1] == '\t';
    if (after_blank && (text[at] == '#' || text[at] == ';')) return text.substr(0, at);
  }
  return text;
}

std::string Lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return result;
}

std::string FilePath(const Surroundings& surroundings, std::string_view variable, std::string_view name) {
  std::string path = Variable(surroundings, variable);
  if (path.empty()) return fmt::format("{}/.aws/{}", surroundings.home, name);
  if (path.starts_with("~/")) path.replace(0, 1, surroundings.home);
  return path;
}

struct SectionName {
  std::string kind;  // "profile", "sso-session", ...
  std::string name;
};

// In the config file "[profile x]" and "[default]"; in the credentials file the bare name.
SectionName NameOf(std::string_view section, bool is_config) {
  if (!is_config || section == "default") return {"profile", std::string(section)};
  const auto blank = section.find_first_of(" \t");
  if (blank == std::string_view::npos) return {"", std::string(section)};
  return {std::string(section.substr(0, blank)), std::string(Trim(section.substr(blank)))};
}

}  // namespace

std::string Profile::Get(std::string_view name) const {
  const auto found = values.find(std::string(name));
  return found == values.end() ? std::string() : found->second;
}

std::map<std::string, std::map<std::string, std::string>> ParseIni(std::string_view text) {
  std::map<std::string, std::map<std::string, std::string>> sections;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::map<std::string, std::string>* section = nullptr;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view raw = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view line = Trim(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      const auto close = line.find(']');
      section =
          close == std::string_view::npos ? nullptr : &sections[std::string(Trim(line.substr(1, close - 1)))];
      continue;
    }
    if (section == nullptr || raw.front() == ' ' || raw.front() == '\t') continue;
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view value = Trim(WithoutComment(line.substr(equals + 1)));
    (*section)[Lower(Trim(line.substr(0, equals)))] = std::string(value);
  }
  return sections;
}

Result<ProfileFiles> LoadProfileFiles(const Surroundings& surroundings) {
  ProfileFiles files;
  struct Place {
    std::string path;
    bool is_config;
  };
  // the credentials file last: what it says holds
  for (const auto& [path, is_config] :
       {Place{FilePath(surroundings, "AWS_CONFIG_FILE", "config"), true},
        Place{FilePath(surroundings, "AWS_SHARED_CREDENTIALS_FILE", "credentials"), false}}) {
    const auto text = surroundings.read_file(path);
    if (!text) {
      if (text.error().kind() != ErrorKind::kNotFound)
        return Fail(ErrorKind::kBadConfig, text.error().message());
      files.looked_at.push_back(path + " (not there)");
      continue;
    }
    files.looked_at.push_back(path);
    for (auto& [section, values] : ParseIni(*text)) {
      const SectionName name = NameOf(section, is_config);
      if (name.kind != "profile" && name.kind != "sso-session") continue;
      Profile& profile = (name.kind == "profile" ? files.profiles : files.sso_sessions)[name.name];
      const bool has_keys = values.contains("aws_access_key_id");
      // keys of one file are never mixed with those of the other
      if (has_keys) {
        for (const char* key : {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}) {
          profile.values.erase(key);
        }
      }
      for (auto& [key, value] : values) profile.values[key] = std::move(value);
      profile.files.insert(has_keys ? profile.files.begin() : profile.files.end(), path);
    }
  }
  return files;
}

}  // namespace rtl::aws
