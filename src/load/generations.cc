#include "load/generations.h"

#include <algorithm>
#include <optional>

namespace rtl::load {
namespace {

bool IsVersionOf(const LedgerEntry& entry, const Generation& generation) {
  const bool was_delete = entry.outcome == EntryOutcome::kDeleted;
  if (was_delete != generation.is_delete) return false;
  const ObjectVersion& version = generation.object.version;
  if (!entry.version.version_id.empty() || !version.version_id.empty()) {
    return entry.version.version_id == version.version_id;
  }
  return entry.version.etag == version.etag;
}

// Versions newer than the one the ledger knows last; all when it knows none of them.
std::size_t CountNew(const LedgerEntry& last, const std::vector<Generation>& newest_first) {
  for (std::size_t i = 0; i < newest_first.size(); ++i) {
    if (IsVersionOf(last, newest_first[i])) return i;
  }
  if (last.outcome == EntryOutcome::kDeleted) {
    // The marker is gone, or the delete was noticed by a HEAD, which names none: what follows the newest
    // delete.
    for (std::size_t i = 0; i < newest_first.size(); ++i) {
      if (newest_first[i].is_delete) return i;
    }
    return newest_first.size();
  }
  std::size_t count = newest_first.empty() ? 0 : 1;
  while (count < newest_first.size() && newest_first[count].object.uploaded_at > last.uploaded_at) ++count;
  return count;
}

std::optional<ObjectVersion> HeadOf(const Generation& generation) {
  if (generation.is_delete) return std::nullopt;
  return generation.object.version;
}

}  // namespace

std::deque<Generation> NewGenerations(const KeyAccount& account, const std::vector<Generation>& newest_first,
                                      std::string_view settings) {
  std::deque<Generation> generations;
  if (newest_first.empty()) return generations;
  std::size_t count = account.last ? CountNew(*account.last, newest_first) : newest_first.size();
  // A version that could not be read for a passing reason is tried again, in its turn.
  if (account.last && account.last->outcome == EntryOutcome::kFailed && account.last->transient &&
      count < newest_first.size() && IsVersionOf(*account.last, newest_first[count])) {
    ++count;
  }
  for (std::size_t i = count; i > 0; --i) {
    const Generation& next = newest_first[i - 1];
    // Deleting what is deleted changes nothing; neither does a delete before anything was.
    const bool was_deleted = generations.empty()
                                 ? !account.last || account.last->outcome == EntryOutcome::kDeleted
                                 : generations.back().is_delete;
    const bool has_rows = generations.empty() && !account.files.empty();
    if (next.is_delete && was_deleted && !has_rows) continue;
    generations.push_back(next);
  }
  if (generations.empty()) {
    const Generation& newest = newest_first.front();
    if (PlanKey(account, HeadOf(newest), settings) != Decision::kNothing) generations.push_back(newest);
  }
  return generations;
}

ListedDecision PlanListed(const KeyAccount& account, const SourceObject& listed, std::string_view settings) {
  const auto& last = account.last;
  const bool comparable = last && !last->version.version_id.empty() && listed.version.version_id.empty() &&
                          last->outcome != EntryOutcome::kDeleted;
  if (!comparable || last->version.etag != listed.version.etag || last->size != listed.size) {
    return PlanKey(account, listed.version, settings) == Decision::kNothing ? ListedDecision::kNothing
                                                                            : ListedDecision::kLoad;
  }
  if (last->uploaded_at != listed.uploaded_at) return ListedDecision::kLook;
  return PlanKey(account, last->version, settings) == Decision::kNothing ? ListedDecision::kNothing
                                                                         : ListedDecision::kLook;
}

}  // namespace rtl::load
