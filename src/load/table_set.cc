#include "load/table_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "core/json_writer.h"
#include "core/uuid.h"
#include "decode/columns.h"
#include "delta/checkpoint_policy.h"
#include "delta/table_features.h"
#include "delta/table_properties.h"
#include "load/file_columns.h"

namespace rtl::load {
namespace {

constexpr const char* kLayoutProperty = "rtloader.layout";

constexpr std::string_view kSourceProperty = "rtloader.source";
constexpr std::array<std::string_view, 4> kOwnColumns = {"source_file", "source_version", "file_version",
                                                         "ingest_time"};

std::vector<delta::Field> OriginFields() {
  return {{"source_file", "string"},
          {"source_version", "string"},
          {"file_version", "long"},
          {"ingest_time", "timestamp"}};
}

}  // namespace

const delta::Table* TableSet::Find(Role role) const {
  if (role == Role::kSnapshot) return &snapshot;
  for (const RoleTable& entry : derived) {
    if (entry.role == role) return &entry.table;
  }
  return nullptr;
}

TableSet MakeTableSet(store::ObjectStore& store, const Options& options, const Clock& clock, bool all) {
  TableSet set{delta::Table(store, options.tables.snapshot, clock), {}};
  // file_records first: it is what the next start needs most.
  set.derived.push_back({Role::kFileRecords, delta::Table(store, options.tables.file_records, clock)});
  set.derived.push_back({Role::kFileLog, delta::Table(store, options.tables.file_log, clock)});
  if (options.raw || all) set.derived.push_back({Role::kRaw, delta::Table(store, options.tables.raw, clock)});
  if (options.quarantine || all) {
    set.derived.push_back({Role::kQuarantine, delta::Table(store, options.tables.quarantine, clock)});
  }
  return set;
}

delta::Schema BaseSchema(Role role) {
  switch (role) {
    case Role::kSnapshot:
    case Role::kRaw:
      return {OriginFields()};
    case Role::kFileRecords:
      return {{{"file_id", "string"},
               {"file_path", "string"},
               {"uploaded_at", "timestamp"},
               {"file_version", "long"},
               {"highest_version", "long"},
               {"file_size", "long"},
               {"etag", "string"},
               {"version_id", "string"},
               {"content_hash", "string"},
               {"row_count", "long"},
               {"rejected_count", "long"},
               {"status", "string"},
               {"error", "string"},
               {"loaded_at", "timestamp"},
               {"settled", "boolean"},
               {"transient", "boolean"},
               {"settings", "string"}}};
    case Role::kFileLog:
      return {{{"file_path", "string"},
               {"source_file", "string"},
               {"file_version", "long"},
               {"etag", "string"},
               {"version_id", "string"},
               {"file_size", "long"},
               {"uploaded_at", "timestamp"},
               {"ingest_time", "timestamp"},
               {"action", "string"},
               {"row_count", "long"},
               {"rejected_count", "long"},
               {"duration_ms", "long"},
               {"error", "string"},
               {"snapshot_version", "long"}}};
    case Role::kQuarantine:
      return {{{"source_file", "string"},
               {"source_version", "string"},
               {"file_version", "long"},
               {"line_number", "long"},
               {"byte_offset", "long"},
               {"reason", "string"},
               {"raw_line", "binary"},
               {"ingest_time", "timestamp"}}};
  }
  return {};
}

Result<delta::TableState> OpenOrCreate(const delta::Table& table, Role role, const Options& options,
                                       bool create, Timestamp now,
                                       const std::optional<delta::Txn>& absorbed) {
  for (int attempt = 0;; ++attempt) {
    auto state = table.Load();
    if (state) {
      const auto source = state->metadata.configuration.find(std::string(kSourceProperty));
      if (source == state->metadata.configuration.end()) {
        return Fail(
            ErrorKind::kBadConfig,
            fmt::format(
                "{} is a Delta table that rtloader did not make: give another tables root, or another name "
                "for it in [tables]",
                table.Uri()));
      }
      if (source->second != options.source_uri) {
        return Fail(
            ErrorKind::kBadConfig,
            fmt::format(
                "{} follows the source {}, not {}: one set of tables follows one source; give another "
                "tables root",
                table.Uri(), source->second, options.source_uri));
      }
      if (const auto loadable = CheckLoadable(role, state->protocol, state->metadata); !loadable) {
        return Fail(loadable.error().Wrap(table.Uri()));
      }
      return state;
    }
    if (state.error().kind() != ErrorKind::kNotFound || !create || attempt == 10) return Fail(state.error());

    delta::Metadata metadata;
    metadata.id = NewUuid();
    metadata.schema = BaseSchema(role);
    metadata.created_time_ms = MillisSinceEpoch(now);
    metadata.configuration[std::string(kSourceProperty)] = options.source_uri;
    // The snapshot's log is the ledger: only our own maintenance may remove commits, never before they are
    // derived.
    if (role == Role::kSnapshot) metadata.configuration["delta.enableExpiredLogCleanup"] = "false";
    std::vector<delta::Action> actions = {delta::CommitInfo{PlainCommitInfo("CREATE TABLE", NewUuid(), now)}};
    delta::Protocol protocol;
    if (role == Role::kSnapshot) delta::SetCheckpointPolicy(options.checkpoint_policy, protocol, metadata);
    if (role == Role::kSnapshot && options.layout == Layout::kPacked) {
      std::ranges::move(LayoutActions(options.layout, std::move(protocol), std::move(metadata)),
                        std::back_inserter(actions));
    } else {
      actions.insert(actions.end(), {std::move(protocol), std::move(metadata)});
    }
    if (absorbed) actions.emplace_back(*absorbed);
    // Whoever was first: the next round loads what stands there.
    const auto outcome = table.PutCommit(0, actions);
    if (!outcome) return Fail(outcome.error().Wrap(fmt::format("making the table {}", table.Uri())));
  }
}

Result<> CheckLoadable(Role role, const delta::Protocol& protocol, const delta::Metadata& metadata) {
  RTL_CHECK(delta::CheckWritable(protocol, metadata));
  const auto columns = FileColumnsOf(role, protocol, metadata);
  return columns ? Result<>() : Fail(columns.error());
}

Layout LayoutOf(const delta::Metadata& metadata) {
  const auto layout = metadata.configuration.find(kLayoutProperty);
  return layout != metadata.configuration.end() && layout->second == "packed" ? Layout::kPacked
                                                                              : Layout::kPerFile;
}

std::vector<delta::Action> LayoutActions(Layout layout, delta::Protocol protocol, delta::Metadata metadata) {
  std::vector<delta::Action> actions;
  if (layout == Layout::kPacked) {
    delta::AddReaderWriterFeature(protocol, "deletionVectors");
    metadata.configuration["delta.enableDeletionVectors"] = "true";
    metadata.configuration[kLayoutProperty] = "packed";
  } else {
    // The protocol stays: older versions of the table may have vectors.
    metadata.configuration.erase("delta.enableDeletionVectors");
    metadata.configuration.erase(kLayoutProperty);
  }
  actions.emplace_back(std::move(protocol));
  actions.emplace_back(std::move(metadata));
  return actions;
}

bool IsLoadersTable(const delta::Metadata& metadata) {
  return metadata.configuration.contains(std::string(kSourceProperty));
}

bool IsOwnColumn(std::string_view name) {
  return std::find(kOwnColumns.begin(), kOwnColumns.end(), name) != kOwnColumns.end();
}

std::vector<delta::Field> DataFields(const delta::Schema& schema) {
  std::vector<delta::Field> fields;
  for (const delta::Field& field : schema.fields) {
    if (!IsOwnColumn(field.name)) fields.push_back(field);
  }
  return fields;
}

Result<std::optional<delta::Schema>> WithFields(const delta::Schema& schema,
                                                const std::vector<delta::Field>& fields) {
  delta::Schema wider = schema;
  bool widened = false;
  for (const delta::Field& field : fields) {
    if (const delta::Field* known = wider.Find(field.name)) {
      if (known->type != field.type) {
        return Fail(ErrorKind::kConflict, fmt::format("column {} is {} in the table and {} in the file",
                                                      field.name, known->type, field.type));
      }
      continue;
    }
    for (const delta::Field& known : wider.fields) {
      if (decode::FoldCase(known.name) != decode::FoldCase(field.name)) continue;
      return Fail(ErrorKind::kConflict,
                  fmt::format("column {} is spelled {} in the table", field.name, known.name));
    }
    const auto first_own = std::find_if(wider.fields.begin(), wider.fields.end(),
                                        [](const delta::Field& f) { return IsOwnColumn(f.name); });
    wider.fields.insert(first_own, field);
    widened = true;
  }
  if (!widened) return std::optional<delta::Schema>();
  return std::optional(std::move(wider));
}

std::string PlainCommitInfo(std::string_view operation, std::string_view txn_id, Timestamp now) {
  JsonWriter json;
  json.BeginObject().Key("timestamp").Int(MillisSinceEpoch(now)).Key("operation").String(operation);
  json.Key("operationParameters").BeginObject().EndObject().Key("isBlindAppend").Bool(false);
  json.Key("engineInfo").String(kEngineInfo).Key("txnId").String(txn_id).EndObject();
  return std::move(json).Take();
}

}  // namespace rtl::load
