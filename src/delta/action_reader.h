// One line of a commit file as actions.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "delta/actions.h"

namespace rtl::delta {

// Appends the known actions of one line's object, in the order commitInfo, protocol, metaData, txn,
// domainMetadata, cdc, remove, add (a line holds one). A known action that lacks what the protocol requires
// is kBadData. CommitInfo::json is re-serialised, compact.
Result<> ReadActions(simdjson::dom::object line, std::vector<Action>& actions);

// One line of a JSON checkpoint (protocol: "V2 Spec").
struct CheckpointLine {
  std::optional<CheckpointMetadata> metadata;
  std::optional<Sidecar> sidecar;
  std::vector<Action> actions;
};
Result<> ReadCheckpointActions(simdjson::dom::object line, CheckpointLine& out);

// Single actions, given the object that stands behind their name. kBadData as above.
Result<Protocol> ReadProtocol(simdjson::dom::object object);
Result<Metadata> ReadMetadata(simdjson::dom::object object);
Result<Txn> ReadTxn(simdjson::dom::object object);
Result<DomainMetadata> ReadDomainMetadata(simdjson::dom::object object);

// Checks a descriptor just read and sets its storage type.
Result<> CheckVector(std::string_view storage_type, DeletionVectorDescriptor& vector);

}  // namespace rtl::delta
