#include "delta/log_listing.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "delta/json_checksum.h"
#include "delta/json_fields.h"

namespace rtl::delta {
namespace {

class Sorter {
 public:
  Sorter(Version from, std::optional<Version> to) : from_(from), to_(to) {}

  // False when the names to come are of no interest.
  bool Take(std::string_view name, store::ObjectInfo&& info) {
    // Versions come first of all names but hidden ones; sidecars and hints after them.
    if (!name.empty() && name.front() > '9') return false;
    if (const auto file = ParseLogFileName(name)) {
      if (to_ && file->version > *to_) return false;
      if (file->version >= from_) TakeFile(*file, std::move(info));
    } else if (const auto range = ParseCompactionName(name)) {
      if (range->first >= from_) listing_.compactions.push_back({range->first, range->last, std::move(info)});
    } else if (const auto version = ParseChecksumName(name); version && *version >= from_) {
      listing_.checksums.emplace(*version, std::move(info));
    }
    return true;
  }

  LogListing Finish() && {
    for (auto& [key, files] : parts_) {
      const auto& [version, count] = key;
      if (files.size() != static_cast<std::size_t>(count)) continue;
      CheckpointFiles checkpoint{.version = version, .kind = LogFileKind::kCheckpointPart};
      for (auto& [part, info] : files) checkpoint.parts.push_back(std::move(info));
      listing_.checkpoints.push_back(std::move(checkpoint));
    }
    // Parts may be of several writers who cut one version differently, Parquet is read faster than JSON.
    const auto rank = [](const CheckpointFiles& files) {
      const int kind = files.kind == LogFileKind::kCheckpointPart ? 0 : files.is_json ? 1 : 2;
      return std::tuple(files.version, kind, -static_cast<std::ptrdiff_t>(files.parts.size()));
    };
    std::ranges::stable_sort(listing_.checkpoints, {}, rank);
    return std::move(listing_);
  }

 private:
  void TakeFile(const LogFileName& name, store::ObjectInfo&& info) {
    switch (name.kind) {
      case LogFileKind::kCommit:
        listing_.commits.emplace(name.version, std::move(info));
        break;
      case LogFileKind::kClassicCheckpoint:
      case LogFileKind::kUuidCheckpoint:
        listing_.checkpoints.push_back({.version = name.version,
                                        .kind = name.kind,
                                        .is_json = name.is_json,
                                        .parts = {std::move(info)}});
        break;
      case LogFileKind::kCheckpointPart:
        parts_[{name.version, name.parts}].emplace(name.part, std::move(info));
        break;
    }
  }

  Version from_;
  std::optional<Version> to_;
  LogListing listing_;
  // Parts of multi-part checkpoints by version and count: several writers may cut one version differently.
  std::map<std::pair<Version, int>, std::map<int, store::ObjectInfo>> parts_;
};

}  // namespace

Version LogListing::Newest() const {
  const Version commit = commits.empty() ? -1 : commits.rbegin()->first;
  const Version checkpoint = checkpoints.empty() ? -1 : checkpoints.back().version;
  return std::max(commit, checkpoint);
}

Result<LogListing> ListLog(store::ObjectStore& store, std::string_view log, Version from,
                           std::optional<Version> to) {
  const std::string start = from > 0 ? fmt::format("{}{}", log, VersionPrefix(from)) : std::string();
  RTL_TRY(const auto lister, store.List(log, start));
  Sorter sorter(from, to);
  for (bool more = true; more;) {
    RTL_TRY(auto page, lister->Next());
    if (page.empty()) break;
    for (store::ObjectInfo& info : page) {
      const std::string name = info.key.substr(log.size());
      more = sorter.Take(name, std::move(info));
      if (!more) break;
    }
  }
  return std::move(sorter).Finish();
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
  const auto checksum = FindString(fields, "checksum");
  if (!checksum) return std::nullopt;
  if (*checksum) {
    const auto computed = JsonChecksum(object->bytes);
    if (!computed || (*computed && **computed != **checksum)) return std::nullopt;
  }
  return **version;
}

}  // namespace rtl::delta
