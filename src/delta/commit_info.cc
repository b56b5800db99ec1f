#include "delta/commit_info.h"

#include <simdjson.h>

#include <algorithm>

#include "core/json_writer.h"
#include "delta/json_fields.h"

namespace rtl::delta {

std::optional<std::int64_t> InCommitTimestampOf(std::span<const Action> actions) {
  for (const Action& action : actions) {
    const auto* info = std::get_if<CommitInfo>(&action);
    if (info == nullptr) continue;
    simdjson::dom::parser parser;
    const simdjson::padded_string text(info->json);
    JsonObject object;
    if (parser.parse(text).get(object) != simdjson::SUCCESS) return std::nullopt;
    const auto timestamp = FindInt(object, "inCommitTimestamp");
    return timestamp ? *timestamp : std::nullopt;
  }
  return std::nullopt;
}

Result<std::string> WithInfoMembers(std::string_view json, const std::vector<InfoMember>& members) {
  const auto unreadable = [] { return Fail(ErrorKind::kBadData, "a commitInfo that is no JSON object"); };
  simdjson::ondemand::parser parser;
  const simdjson::padded_string text(json);
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (parser.iterate(text).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return unreadable();
  }
  std::vector<std::pair<std::string_view, std::string_view>> kept;  // escaped name, JSON
  for (auto field : object) {
    std::string_view name;
    std::string_view value;
    if (field.escaped_key().get(name) != simdjson::SUCCESS ||
        field.value().raw_json().get(value) != simdjson::SUCCESS) {
      return unreadable();
    }
    kept.emplace_back(name, value);
  }
  std::string out = "{";
  const auto append = [&](std::string_view name, std::string_view value) {
    if (out.size() > 1) out += ',';
    out += '"';
    out += name;
    out += "\":";
    out += value;
  };
  for (const InfoMember& member : members) {
    const auto there = std::ranges::find(kept, member.name, &decltype(kept)::value_type::first);
    if (there != kept.end() && !member.replace) continue;
    if (there != kept.end()) kept.erase(there);
    append(member.name, member.value);
  }
  for (const auto& [name, value] : kept) append(name, value);
  return out + '}';
}

}  // namespace rtl::delta
