#include "discover/source_listing.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "discover/utf8_name.h"

namespace rtl::discover {

bool IsIgnoredKey(std::string_view key) {
  if (key.empty() || key.back() == '/') return true;
  for (std::size_t begin = 0; begin < key.size();) {
    if (key[begin] == '.' || key[begin] == '_') return true;
    begin = std::min(key.find('/', begin), key.size() - 1) + 1;
  }
  return false;
}

SourceRules::SourceRules(std::unique_ptr<re2::RE2> pattern) : pattern_(std::move(pattern)) {}
SourceRules::SourceRules(SourceRules&&) noexcept = default;
SourceRules& SourceRules::operator=(SourceRules&&) noexcept = default;
SourceRules::~SourceRules() = default;

Result<SourceRules> SourceRules::Make(std::string_view pattern) {
  if (pattern.empty()) return SourceRules(nullptr);
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);  // a newline in a name is a character like another
  auto compiled = std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!compiled->ok()) {
    return Fail(ErrorKind::kBadConfig,
                fmt::format("source.pattern \"{}\": {}", EscapeInvalidUtf8(pattern), compiled->error()));
  }
  if (const int groups = compiled->NumberOfCapturingGroups(); groups != 1) {
    return Fail(
        ErrorKind::kBadConfig,
        fmt::format("source.pattern \"{}\" has {} capture groups; it must have exactly one, which takes "
                    "source_file (group without capturing: (?:...))",
                    pattern, groups));
  }
  return SourceRules(std::move(compiled));
}

Classified SourceRules::Classify(const store::ObjectInfo& info) const {
  if (IsIgnoredKey(info.key)) return Ignored{};
  SourceObject object{.key = info.key,
                      .source_file = info.key,
                      .size = info.size,
                      .version = info.version,
                      .uploaded_at = info.modified_at};
  if (!IsUtf8(info.key)) {
    object.source_file = EscapeInvalidUtf8(info.key);
    return FailedObject{
        .object = std::move(object),
        .reason = "the file's name is not valid UTF-8 and cannot stand in a table; rename it"};
  }
  if (!pattern_) return object;
  std::string captured;
  if (!re2::RE2::FullMatch(info.key, *pattern_, &captured)) return Ignored{};
  if (captured.empty()) {
    return FailedObject{.object = std::move(object),
                        .reason = "source.pattern captures nothing in this name"};
  }
  object.source_file = std::move(captured);
  return object;
}

}  // namespace rtl::discover
