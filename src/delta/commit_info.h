// Members of a commitInfo (protocol: "Commit Provenance Information", "In-Commit Timestamps").
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "delta/actions.h"

namespace rtl::delta {

// inCommitTimestamp, milliseconds since the epoch; absent when there is none.
std::optional<std::int64_t> InCommitTimestampOf(std::span<const Action> actions);

// Sets members of the object, before all others; `values` are JSON. With `replace` false a member that is
// there stays as it is. kBadData when `json` is no object.
struct InfoMember {
  std::string_view name;
  std::string value;
  bool replace = true;
};
Result<std::string> WithInfoMembers(std::string_view json, const std::vector<InfoMember>& members);

}  // namespace rtl::delta
