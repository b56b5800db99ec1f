#include "delta/log_listing.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "delta/json_fields.h"
#include "delta/log_names.h"

namespace rtl::delta {
namespace {

// Parts of multi-part checkpoints by version and count: several writers may cut one version differently.
using Parts = std::map<std::pair<Version, int>, std::map<int, store::ObjectInfo>>;

void Take(LogListing& listing, Parts& parts, const LogFileName& name, store::ObjectInfo&& info) {
  switch (name.kind) {
    case LogFileKind::kCommit:
      listing.commits.emplace(name.version, std::move(info));
      break;
    case LogFileKind::kClassicCheckpoint:
      listing.checkpoints.push_back({name.version, {std::move(info)}});
      break;
    case LogFileKind::kCheckpointPart:
      parts[{name.version, name.parts}].emplace(name.part, std::move(info));
      break;
    case LogFileKind::kUuidCheckpoint:
      listing.has_uuid_checkpoint = true;
      break;
  }
}

void TakeCompleteParts(LogListing& listing, Parts&& parts) {
  for (auto& [key, files] : parts) {
    const auto& [version, count] = key;
    if (files.size() != static_cast<std::size_t>(count)) continue;
    CheckpointFiles checkpoint{.version = version};
    for (auto& [part, info] : files) checkpoint.parts.push_back(std::move(info));
    listing.checkpoints.push_back(std::move(checkpoint));
  }
}

}  // namespace

Version LogListing::Newest() const {
  const Version commit = commits.empty() ? -1 : commits.rbegin()->first;
  const Version checkpoint = checkpoints.empty() ? -1 : checkpoints.back().version;
  return std::max(commit, checkpoint);
}

Result<LogListing> ListLog(store::ObjectStore& store, std::string_view log, Version from) {
  const std::string start = from > 0 ? fmt::format("{}{}", log, VersionPrefix(from)) : std::string();
  RTL_TRY(const auto lister, store.List(log, start));
  LogListing listing;
  Parts parts;
  while (true) {
    RTL_TRY(auto page, lister->Next());
    if (page.empty()) break;
    for (store::ObjectInfo& info : page) {
      const auto name = ParseLogFileName(std::string_view(info.key).substr(log.size()));
      if (name && name->version >= from) Take(listing, parts, *name, std::move(info));
    }
  }
  TakeCompleteParts(listing, std::move(parts));
  std::ranges::stable_sort(listing.checkpoints, [](const CheckpointFiles& a, const CheckpointFiles& b) {
    return std::pair(a.version, -static_cast<std::ptrdiff_t>(a.parts.size())) <
           std::pair(b.version, -static_cast<std::ptrdiff_t>(b.parts.size()));
  });
  return listing;
}

Result<std::optional<Version>> ReadCheckpointHint(store::ObjectStore& store, std::string_view log) {
  const auto object = store.Get(fmt::format("{}_last_checkpoint", log));
  if (!object) {
    if (object.error().kind() == ErrorKind::kNotFound) return std::nullopt;
    return Fail(object.error());
  }
  simdjson::dom::parser parser;
  const simdjson::padded_string text(object->bytes);
  JsonObject fields;
  if (parser.parse(text).get(fields) != simdjson::SUCCESS) return std::nullopt;
  const auto version = FindInt(fields, "version");
  if (!version || !*version || **version < 0) return std::nullopt;
  return **version;
}

}  // namespace rtl::delta
