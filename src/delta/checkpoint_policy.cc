#include "delta/checkpoint_policy.h"

#include <fmt/format.h>

#include <vector>

#include "core/uuid.h"
#include "delta/commit_preparation.h"
#include "delta/settled_commit.h"
#include "delta/table_features.h"

namespace rtl::delta {
namespace {

constexpr const char* kProperty = "delta.checkpointPolicy";
constexpr const char* kFeature = "v2Checkpoint";

}  // namespace

CheckpointPolicy CheckpointPolicyOf(const Metadata& metadata) {
  const auto policy = metadata.configuration.find(kProperty);
  return policy != metadata.configuration.end() && policy->second == "v2" ? CheckpointPolicy::kV2
                                                                          : CheckpointPolicy::kClassic;
}

void SetCheckpointPolicy(CheckpointPolicy policy, Protocol& protocol, Metadata& metadata) {
  if (policy == CheckpointPolicy::kClassic) {
    metadata.configuration.erase(kProperty);
    return;
  }
  AddReaderWriterFeature(protocol, kFeature);
  metadata.configuration[kProperty] = "v2";
}

Result<bool> ChangeCheckpointPolicy(const Table& table, CheckpointPolicy policy) {
  constexpr int kAttempts = 20;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    RTL_TRY(const TableState state, table.Load(std::nullopt, FileDetail::kLean));
    RTL_CHECK(CheckWritable(state.protocol, state.metadata));
    if (CheckpointPolicyOf(state.metadata) == policy) return false;
    Protocol protocol = state.protocol;
    Metadata metadata = state.metadata;
    SetCheckpointPolicy(policy, protocol, metadata);
    std::vector<Action> actions;
    actions.emplace_back(CommitInfo{fmt::format(
        R"({{"operation":"SET TBLPROPERTIES","operationParameters":{{}},"txnId":"{}"}})", NewUuid())});
    actions.emplace_back(std::move(protocol));
    actions.emplace_back(std::move(metadata));
    RTL_CHECK(PrepareCommit(state, {}, actions, table.clock().Now()));
    RTL_TRY(const PutOutcome put, PutSettledCommit(table, state.version + 1, actions));
    if (put == PutOutcome::kCommitted) return true;
  }
  return Fail(ErrorKind::kConflict, "other writers were always first; try again when fewer files change");
}

}  // namespace rtl::delta
