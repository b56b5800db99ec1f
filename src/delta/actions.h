// The actions of a Delta log as values (protocol: "Actions"). What a commit holds that is not known here is
// kept out of the values but never makes a table unreadable unless its protocol says so.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "delta/deletion_vector_descriptor.h"
#include "delta/schema.h"

namespace rtl::delta {

using Version = std::int64_t;  // of a table; -1 means "none yet"

struct Protocol {
  int min_reader_version = 1;
  int min_writer_version = 2;
  std::vector<std::string> reader_features;
  std::vector<std::string> writer_features;
};

struct Metadata {
  std::string id;
  std::string name;
  std::string description;
  Schema schema;
  std::vector<std::string> partition_columns;
  std::map<std::string, std::string> configuration;
  std::optional<std::int64_t> created_time_ms;
};

struct Add {
  std::string path;  // decoded: not percent-encoded as in the log
  std::map<std::string, std::optional<std::string>> partition_values;
  std::int64_t size = 0;
  std::int64_t modification_time_ms = 0;
  bool data_change = true;
  std::string stats;  // JSON; empty when absent
  std::map<std::string, std::string> tags;
  // The path as it was read from the log, where that is not what encoding `path` gives: some readers compare
  // the text, so whoever removes or repeats the file must write the same. Empty otherwise.
  std::string path_in_log;
  std::optional<DeletionVectorDescriptor> deletion_vector;
};

struct Remove {
  std::string path;
  std::optional<std::int64_t> deletion_timestamp_ms;
  bool data_change = true;
  std::optional<std::int64_t> size;  // set: extendedFileMetadata is written, with partition_values and tags
  std::map<std::string, std::optional<std::string>> partition_values;
  std::map<std::string, std::string> tags;
  std::string path_in_log;  // as in Add
  std::optional<DeletionVectorDescriptor> deletion_vector;
};

// Rows that a commit changed, for readers of the change data feed (protocol: "Add CDC File").
struct AddCdc {
  std::string path;
  std::map<std::string, std::optional<std::string>> partition_values;
  std::int64_t size = 0;
  std::map<std::string, std::string> tags;
};

struct Txn {
  std::string app_id;
  std::int64_t version = 0;
  std::optional<std::int64_t> last_updated_ms;
};

struct CommitInfo {
  std::string json;  // the object behind "commitInfo", as text
};

struct DomainMetadata {
  std::string domain;
  std::string configuration;  // text that only the domain understands
  bool removed = false;
};

using Action = std::variant<Protocol, Metadata, Add, Remove, AddCdc, Txn, DomainMetadata, CommitInfo>;

// Actions of checkpoints alone (protocol: "Checkpoint Metadata", "Sidecar File Information").
struct CheckpointMetadata {
  Version version = -1;
  std::map<std::string, std::string> tags;
};

struct Sidecar {
  std::string path;  // decoded; a name in _delta_log/_sidecars unless absolute
  std::int64_t size = 0;
  std::int64_t modification_time_ms = 0;
  std::map<std::string, std::string> tags;
};

// The remove that takes `add` out of the table, with extended file metadata.
Remove RemoveOf(const Add& add, std::int64_t deletion_timestamp_ms, bool data_change);

}  // namespace rtl::delta
