// The world of the interleaving checker, as values: a bucket with one key, the snapshot's log, the derived
// tables, two loaders.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "load/decisions.h"

namespace rtl::load::interleaving {

constexpr char kAbsent = '.';

// The protocol as the loaders follow it. A test without a rule replaces one function.
struct Rules {
  std::function<bool(const KeyChange&, const KeyAccount&, Version)> still_holds = StillHolds;
  std::function<AfterPut(delta::PutOutcome)> after_unknown = [](delta::PutOutcome settled) {
    return DecideAfterReadBack(settled, std::chrono::milliseconds(0));
  };
  std::function<Decision(const KeyAccount&, const std::optional<ObjectVersion>&, std::string_view)> plan =
      PlanKey;
  std::function<std::optional<FileTag>(const KeyAccount&)> unchanged_hash = RowsTag;
  bool base_before_head = true;
  bool file_records_for_keys_without_an_add = true;
  bool recompute_derived_after_conflict = true;
  bool pinned = true;
  bool forget_highest_version = false;
};

struct World {
  std::string contents = "AB";
  int loaders = 2;
  int writes = 3;
  int optimizes = 1;
  bool versioned = false;
  bool lost_replies = true;
};

template <typename Actions, typename Predicate>
bool Any(const Actions& actions, const Predicate& predicate) {
  return std::any_of(actions.begin(), actions.end(), predicate);
}

struct Violation {
  std::string what;
};

// One snapshot version.
struct Node {
  std::optional<LedgerEntry> entry;  // none: foreign, or the table's creation
  KeyAccount account;                // after it
  std::string print;                 // tells it from other nodes of the same state
};

enum class At { kIdle, kHeaded, kRefreshed, kReading, kReady, kUnknown, kLost, kDeriving, kDerivingUnknown };

struct Loader {
  At at = At::kIdle;
  Version base = -1;
  Version state = -1;  // snapshot version that its account stands for
  KeyAccount known;    // as started; only `last` may differ from the log's
  std::optional<ObjectVersion> head;
  std::optional<KeyChange> change;
  int read_position = 0;  // ghost: where in the bucket's history the content was read
  bool landed = false;
  bool lost_one = false;
  int table = 0;  // deriving: 0 raw, 1 file_records
  DeriveRange range;
  int seen_commits = 0;  // of the derived table, when its tail was read

  std::string Print() const {
    std::string changed;
    if (change) {
      changed = fmt::format("{}{}{}{}/{}", static_cast<int>(change->entry.outcome),
                            change->entry.version.etag, change->entry.file_version, change->adds.size(),
                            change->removes.size() + change->strikes.size());
      for (const std::string& path : change->seen) changed += path;
    }
    return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}", static_cast<int>(at), base, state,
                       known.last ? known.last->file_version : -1, head ? head->etag : "-", changed,
                       read_position, landed, lost_one, table, range.after * 100 + range.upto, seen_commits);
  }
};

struct Derived {
  Version absorbed = -1;
  int commits = 0;
  std::string held;  // raw: file_versions appended; file_records: the last entry
};

struct State {
  std::string history = std::string(1, kAbsent);
  int writes_left = 0;
  int optimizes_left = 0;
  int cursor = 0;                     // ghost: least position the ledger may stand for
  std::int64_t max_file_version = 0;  // ghost
  std::vector<std::shared_ptr<const Node>> log;
  Derived derived[2];
  std::optional<LedgerEntry> record;
  Loader loaders[2];

  Version latest() const { return static_cast<Version>(log.size()) - 1; }
  std::string Print() const {
    std::string text =
        fmt::format("{}|{}|{}|{}|{}|", history, writes_left, optimizes_left, cursor, max_file_version);
    for (const auto& node : log) text += node->print + ";";
    for (const Derived& table : derived)
      text += fmt::format("|{},{},{}", table.absorbed, table.commits, table.held);
    // the two loaders are interchangeable
    std::string a = loaders[0].Print();
    std::string b = loaders[1].Print();
    if (b < a) std::swap(a, b);
    return text + "|" + a + "|" + b;
  }
};

}  // namespace rtl::load::interleaving
