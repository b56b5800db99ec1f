#include "load/ledger_entry.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

#include "core/json_writer.h"

namespace rtl::load {
namespace {

constexpr std::string_view kSourceFileTag = "rtloader.sourceFile";
constexpr std::string_view kIdentityTag = "rtloader.version";
constexpr std::string_view kHashTag = "rtloader.hash";
constexpr std::string_view kSizeTag = "rtloader.size";
constexpr std::string_view kFileVersionTag = "rtloader.fileVersion";
constexpr std::string_view kRowsTag = "rtloader.rows";
constexpr std::string_view kRejectedTag = "rtloader.rejected";
constexpr std::string_view kFilesTag = "rtloader.files";
constexpr std::string_view kFileRowsTag = "rtloader.fileRows";

constexpr EntryOutcome kOutcomes[] = {EntryOutcome::kLoaded, EntryOutcome::kUnchanged, EntryOutcome::kDeleted,
                                      EntryOutcome::kHeld, EntryOutcome::kFailed};

void WriteEntry(JsonWriter& json, const LedgerEntry& entry) {
  json.BeginObject().Key("sourceFile").String(entry.source_file).Key("key").String(entry.key);
  json.Key("outcome").String(ToString(entry.outcome));
  json.Key("fileVersion").Int(entry.file_version).Key("highestVersion").Int(entry.highest_version);
  if (entry.outcome != EntryOutcome::kDeleted) {
    json.Key("etag").String(entry.version.etag);
    if (!entry.version.version_id.empty()) json.Key("versionId").String(entry.version.version_id);
    if (!entry.version.settled) json.Key("settled").Bool(false);
    json.Key("size").Int(entry.size).Key("uploadedAt").Int(MicrosSinceEpoch(entry.uploaded_at));
  } else if (!entry.version.version_id.empty()) {
    json.Key("versionId").String(entry.version.version_id);
  }
  if (entry.hash) json.Key("hash").String(ToHex(*entry.hash));
  if (entry.replaced) json.Key("replaced").Bool(true);
  if (entry.repeated) json.Key("repeated").Bool(true);
  json.Key("rows").Int(entry.row_count).Key("rejected").Int(entry.rejected_count);
  json.Key("durationMs").Int(entry.duration_ms).Key("ingestTime").Int(MicrosSinceEpoch(entry.ingest_time));
  if (!entry.error.empty()) json.Key("error").String(entry.error);
  if (entry.transient) json.Key("transient").Bool(true);
  if (!entry.settings.empty()) json.Key("settings").String(entry.settings);
  if (!entry.raw_paths.empty()) {
    json.Key("raw").BeginArray();
    for (const std::string& path : entry.raw_paths) json.String(path);
    json.EndArray();
  }
  if (!entry.quarantine_files.empty()) {
    json.Key("quarantine").BeginArray();
    for (const DataFile& file : entry.quarantine_files) {
      json.BeginObject().Key("path").String(file.path).Key("size").Int(file.size).Key("rows").Int(file.rows);
      json.Key("stats").String(file.stats).EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
}

// Reads members of one JSON object; remembers whether any had the wrong type, so that callers check once.
class Members {
 public:
  explicit Members(simdjson::dom::object object) : object_(object) {}

  std::string Text(std::string_view name, bool required = false) {
    std::string_view value;
    if (!Found(object_[name].get(value), required)) return {};
    return std::string(value);
  }
  std::int64_t Int(std::string_view name, bool required = false) {
    std::int64_t value = 0;
    return Found(object_[name].get(value), required) ? value : 0;
  }
  bool Bool(std::string_view name, bool otherwise) {
    bool value = otherwise;
    return Found(object_[name].get(value), false) ? value : otherwise;
  }
  simdjson::dom::array Array(std::string_view name, bool& present) {
    simdjson::dom::array value;
    present = Found(object_[name].get(value), false);
    return value;
  }
  bool ok() const { return ok_; }

 private:
  bool Found(simdjson::error_code error, bool required) {
    if (error == simdjson::SUCCESS) return true;
    if (error != simdjson::NO_SUCH_FIELD || required) ok_ = false;
    return false;
  }

  simdjson::dom::object object_;
  bool ok_ = true;
};

std::optional<LedgerEntry> ReadEntry(simdjson::dom::element element) {
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return std::nullopt;
  Members members(object);
  LedgerEntry entry;
  entry.source_file = members.Text("sourceFile", true);
  entry.key = members.Text("key", true);
  const std::string outcome = members.Text("outcome", true);
  bool known = false;
  for (const EntryOutcome candidate : kOutcomes) {
    if (ToString(candidate) != outcome) continue;
    entry.outcome = candidate;
    known = true;
  }
  entry.file_version = members.Int("fileVersion", true);
  entry.highest_version = members.Int("highestVersion", true);
  entry.version = {members.Text("etag"), members.Text("versionId"), members.Bool("settled", true)};
  entry.size = members.Int("size");
  entry.uploaded_at = FromMicros(members.Int("uploadedAt"));
  if (const std::string hex = members.Text("hash"); !hex.empty()) {
    ContentHash hash;
    if (!FromHex(hex, hash)) return std::nullopt;
    entry.hash = hash;
  }
  entry.replaced = members.Bool("replaced", false);
  entry.repeated = members.Bool("repeated", false);
  entry.row_count = members.Int("rows", true);
  entry.rejected_count = members.Int("rejected", true);
  entry.duration_ms = members.Int("durationMs");
  entry.ingest_time = FromMicros(members.Int("ingestTime"));
  entry.error = members.Text("error");
  entry.transient = members.Bool("transient", false);
  entry.settings = members.Text("settings");
  bool present = false;
  if (const auto raw = members.Array("raw", present); present) {
    for (const simdjson::dom::element path : raw) {
      std::string_view text;
      if (path.get(text) != simdjson::SUCCESS) return std::nullopt;
      entry.raw_paths.emplace_back(text);
    }
  }
  if (const auto files = members.Array("quarantine", present); present) {
    for (const simdjson::dom::element file : files) {
      simdjson::dom::object fields;
      if (file.get(fields) != simdjson::SUCCESS) return std::nullopt;
      Members of_file(fields);
      entry.quarantine_files.push_back({of_file.Text("path", true), of_file.Int("size", true),
                                        of_file.Int("rows", true), of_file.Text("stats")});
      if (!of_file.ok()) return std::nullopt;
    }
  }
  if (!known || !members.ok()) return std::nullopt;
  return entry;
}

std::optional<std::int64_t> ParseInt(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string_view ToString(EntryOutcome outcome) {
  switch (outcome) {
    case EntryOutcome::kLoaded:
      return "loaded";
    case EntryOutcome::kUnchanged:
      return "unchanged";
    case EntryOutcome::kDeleted:
      return "deleted";
    case EntryOutcome::kHeld:
      return "held";
    case EntryOutcome::kFailed:
      return "failed";
  }
  return "failed";
}

std::map<std::string, std::string> ToTags(const FileTag& tag) {
  std::map<std::string, std::string> tags = {{std::string(kSourceFileTag), tag.source_file},
                                             {std::string(kIdentityTag), tag.identity},
                                             {std::string(kHashTag), ToHex(tag.hash)},
                                             {std::string(kSizeTag), std::to_string(tag.size)},
                                             {std::string(kFileVersionTag), std::to_string(tag.file_version)},
                                             {std::string(kRowsTag), std::to_string(tag.rows)},
                                             {std::string(kRejectedTag), std::to_string(tag.rejected)},
                                             {std::string(kFilesTag), std::to_string(tag.files)}};
  if (tag.file_rows >= 0) tags.emplace(kFileRowsTag, std::to_string(tag.file_rows));
  return tags;
}

std::optional<FileTag> ParseTags(const std::map<std::string, std::string>& tags) {
  const auto find = [&](std::string_view name) -> std::optional<std::string> {
    const auto it = tags.find(std::string(name));
    return it == tags.end() ? std::nullopt : std::optional(it->second);
  };
  const auto number = [&](std::string_view name) { return find(name).and_then(ParseInt); };
  const auto source_file = find(kSourceFileTag);
  const auto identity = find(kIdentityTag);
  const auto hash = find(kHashTag);
  const auto size = number(kSizeTag);
  const auto file_version = number(kFileVersionTag);
  const auto rows = number(kRowsTag);
  const auto rejected = number(kRejectedTag);
  const auto files = number(kFilesTag);
  FileTag tag;
  if (!source_file || !identity || !hash || !FromHex(*hash, tag.hash) || !size || !file_version || !rows ||
      !rejected || !files) {
    return std::nullopt;
  }
  tag.source_file = *source_file;
  tag.identity = *identity;
  tag.size = *size;
  tag.file_version = *file_version;
  tag.rows = *rows;
  tag.rejected = *rejected;
  tag.files = *files;
  tag.file_rows = number(kFileRowsTag).value_or(tag.files == 1 ? tag.rows : -1);
  return tag;
}

std::string ToCommitInfo(std::span<const LedgerEntry> entries, std::string_view txn_id, Timestamp now,
                         const std::optional<RunInfo>& run) {
  std::int64_t counts[std::size(kOutcomes)] = {};
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  for (const LedgerEntry& entry : entries) {
    ++counts[static_cast<int>(entry.outcome)];
    if (entry.outcome != EntryOutcome::kLoaded) continue;
    rows += entry.row_count;
    bytes += entry.size;
  }
  JsonWriter json;
  json.BeginObject().Key("timestamp").Int(MillisSinceEpoch(now)).Key("operation").String("WRITE");
  json.Key("operationParameters")
      .BeginObject()
      .Key("mode")
      .String("Append")
      .Key("files")
      .String(std::to_string(entries.size()))
      .EndObject();
  // Delta writes metrics as strings.
  json.Key("operationMetrics").BeginObject();
  for (const EntryOutcome outcome : kOutcomes) {
    json.Key(fmt::format("{}Files", ToString(outcome)))
        .String(std::to_string(counts[static_cast<int>(outcome)]));
  }
  json.Key("numOutputRows").String(std::to_string(rows));
  json.Key("numSourceBytes").String(std::to_string(bytes)).EndObject();
  json.Key("isBlindAppend")
      .Bool(false)
      .Key("engineInfo")
      .String("rtloader/0.1.0")
      .Key("txnId")
      .String(txn_id);
  json.Key("rtloader").BeginObject().Key("format").Int(1);
  if (run) {
    json.Key("run");
    WriteRunInfo(json, *run);
  }
  json.Key("entries").BeginArray();
  for (const LedgerEntry& entry : entries) WriteEntry(json, entry);
  json.EndArray().EndObject().EndObject();
  return std::move(json).Take();
}

Result<std::vector<LedgerEntry>> ParseCommitInfo(std::string_view json) {
  if (json.empty()) return std::vector<LedgerEntry>();
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    return Fail(ErrorKind::kBadData, "commitInfo is not JSON");
  }
  simdjson::dom::object account;
  if (root["rtloader"].get(account) != simdjson::SUCCESS) return std::vector<LedgerEntry>();
  std::int64_t format = 0;
  if (account["format"].get(format) != simdjson::SUCCESS || format != 1) {
    return Fail(
        ErrorKind::kUnsupported,
        "the account in commitInfo was written by a newer rtloader (its format is not 1): upgrade this one");
  }
  simdjson::dom::array list;
  if (account["entries"].get(list) != simdjson::SUCCESS) {
    return Fail(ErrorKind::kBadData, "the account in commitInfo has no list of entries");
  }
  std::vector<LedgerEntry> entries;
  for (const simdjson::dom::element element : list) {
    auto entry = ReadEntry(element);
    if (!entry)
      return Fail(ErrorKind::kBadData, fmt::format("entry {} in commitInfo cannot be read", entries.size()));
    entries.push_back(std::move(*entry));
  }
  return entries;
}

}  // namespace rtl::load
