// Visits every interleaving of that world breadth first, so that what it finds is a shortest run.
//
// Customers put A, B, X (mostly bad lines: held), E (empty) or delete; a loader refreshes, HEADs, GETs
// pinned, commits put-if-absent with replies that get lost, derives raw and file_records, crashes; a foreign
// OPTIMIZE rewrites files.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "load/interleaving_world.h"

namespace rtl::load::interleaving {

class Checker {
 public:
  Checker(World world, Rules rules) : world_(std::move(world)), rules_(std::move(rules)) {}

  // The shortest violation, with the run that leads to it; empty when there is none.
  std::string Run(std::size_t max_states = 3'000'000) {
    State start;
    start.writes_left = world_.writes;
    start.optimizes_left = world_.optimizes;
    start.log.push_back(std::make_shared<Node>(Node{std::nullopt, {}, "0"}));
    std::vector<State> level{start};
    Remember(start.Print(), "", "");
    while (!level.empty()) {
      std::vector<State> next;
      for (const State& state : level) {
        const std::string from = state.Print();
        try {
          Settle(state);
        } catch (const Violation& violation) {
          return Trace(from) + "\n  then one loader runs alone\n=> " + violation.what;
        }
        for (const Step& step : Steps(state)) {
          try {
            State after = step.run();
            if (Remember(after.Print(), from, step.label)) next.push_back(std::move(after));
          } catch (const Violation& violation) {
            return Trace(from) + "\n  " + step.label + "\n=> " + violation.what;
          }
        }
        if (parents_.size() > max_states) return "too many states for this test's bound";
      }
      level = std::move(next);
    }
    return {};
  }
  std::size_t states() const { return parents_.size(); }

 private:
  struct Step {
    std::string label;
    std::function<State()> run;
  };

  bool Remember(std::string print, const std::string& from, std::string label) {
    const std::size_t hash = std::hash<std::string>()(print);
    return parents_.emplace(hash, std::pair(std::hash<std::string>()(from), std::move(label))).second;
  }
  std::string Trace(const std::string& to) const {
    std::string text;
    for (auto it = parents_.find(std::hash<std::string>()(to));
         it != parents_.end() && !it->second.second.empty(); it = parents_.find(it->second.first)) {
      text = "\n  " + it->second.second + text;
    }
    return text;
  }

  // ------------------------------------------------------------------------------------------------ the
  // bucket
  std::optional<ObjectVersion> Head(const State& state) const {
    if (state.history.back() == kAbsent) return std::nullopt;
    return VersionAt(state, static_cast<int>(state.history.size()) - 1);
  }
  ObjectVersion VersionAt(const State& state, int position) const {
    if (world_.versioned) return {std::string(1, state.history[position]), std::to_string(position), true};
    return {std::string(1, state.history[position]), "", true};
  }

  // ------------------------------------------------------------------------------------------ reading an
  // object
  ReadOutcome Read(const KeyAccount& account, const ObjectVersion& version, char content) const {
    ReadOutcome read;
    LedgerEntry& entry = read.entry;
    entry.source_file = "k";
    entry.version = version;
    entry.hash = ContentHash{0, static_cast<std::uint64_t>(content)};
    const auto tag = rules_.unchanged_hash(account);
    if (tag && tag->hash == *entry.hash) {
      entry.outcome = EntryOutcome::kUnchanged;
      return read;
    }
    read.empty = content == 'E';
    read.lines = read.empty ? 0 : 10;
    entry.rejected_count = content == 'X' ? 9 : 0;
    entry.row_count = read.lines - entry.rejected_count;
    if (!read.empty) {
      delta::Add add;
      add.path = std::string(1, content);  // Land() makes it unique, as a data object's name is
      read.adds.push_back(add);
      read.file_rows.push_back(entry.row_count);
    }
    ApplyGuards(Guard{}, read);
    return read;
  }

  // -------------------------------------------------------------------------------------------- effects,
  // checked
  static std::string PrintFiles(const KeyAccount& account) {
    std::string text;
    for (const OwnedFile& file : account.files) {
      text += fmt::format("[{}:{}:{}]", file.add.path, file.file_version,
                          file.tag ? file.tag->identity : "untagged");
    }
    return text;
  }

  State Land(State state, const KeyChange& change, int position) const {
    const LedgerEntry& entry = change.entry;
    const KeyAccount& before = state.log.back()->account;
    Node node;
    node.entry = entry;
    const Version version = state.latest() + 1;
    for (const OwnedFile& file : before.files) {
      const auto same = [&](const auto& action) { return action.path == file.add.path; };
      if (Any(change.removes, same) || Any(change.strikes, same)) continue;
      node.account.files.push_back(file);
    }
    for (delta::Add add : change.adds) {
      const auto tag = ParseTags(add.tags);
      if (!tag) throw Violation{"an add of ours without tags"};
      add.path += fmt::format("v{}", version);
      node.account.files.push_back(
          {.add = add, .tag = tag, .file_version = tag->file_version, .rows = tag->rows});
    }
    node.account.last = entry;
    if (rules_.forget_highest_version) node.account.last->highest_version = 0;
    node.account.last_at = version;
    if (node.account.files.size() > 1) {
      throw Violation{"I2: the key's rows come from two files: " + PrintFiles(node.account)};
    }
    const char content = entry.outcome == EntryOutcome::kDeleted ? kAbsent : entry.version.etag[0];
    if (!node.account.files.empty() && entry.outcome != EntryOutcome::kHeld &&
        node.account.files[0].add.path[0] != content) {
      throw Violation{
          fmt::format("I1: the ledger says {}, the rows are {}", content, PrintFiles(node.account))};
    }
    // I4: a position at or after the cursor, not later than what was read, must hold this content
    int found = -1;
    if (world_.versioned && content != kAbsent) {
      const int at = std::stoi(entry.version.version_id);
      if (at >= state.cursor) found = at;
    } else {
      for (int p = state.cursor; p <= position && found < 0; ++p) {
        if (state.history[p] == content) found = p;
      }
    }
    if (found < 0) {
      throw Violation{fmt::format("I4: the snapshot goes back to {} (ledger at write {} of {})", content,
                                  state.cursor, state.history)};
    }
    state.cursor = found;
    if (entry.outcome == EntryOutcome::kLoaded || entry.outcome == EntryOutcome::kHeld) {
      if (entry.repeated ? entry.file_version != state.max_file_version
                         : entry.file_version <= state.max_file_version) {
        throw Violation{fmt::format("I5: file_version {} is given out twice", entry.file_version)};
      }
      state.max_file_version = entry.file_version;
    }
    if (before.last && before.last->outcome == entry.outcome &&
        before.last->version.Identity() == entry.version.Identity() && Explains(before)) {
      throw Violation{"termination: the entry repeats the last one"};
    }
    if (state.log.size() > 14) throw Violation{"termination: the ledger grows without end"};
    node.print = fmt::format("{}{}{}/{}{}", static_cast<int>(entry.outcome), entry.version.Identity(),
                             entry.file_version, entry.highest_version, PrintFiles(node.account));
    state.log.push_back(std::make_shared<Node>(std::move(node)));
    return state;
  }

  State Absorb(State state, int table, DeriveRange range) const {
    Derived& derived = state.derived[table];
    for (Version v = range.after + 1; v <= range.upto; ++v) {
      const auto& entry = state.log[v]->entry;
      if (!entry) continue;
      if (table == 0) {
        if (v <= derived.absorbed)
          throw Violation{fmt::format("I5: raw absorbs snapshot version {} twice", v)};
        if (entry->outcome == EntryOutcome::kLoaded)
          derived.held += fmt::format("{}{},", entry->file_version, entry->version.etag);
      } else {
        state.record = entry;
        derived.held = fmt::format("{}{}{}", static_cast<int>(entry->outcome), entry->version.Identity(),
                                   entry->file_version);
      }
    }
    if (range.after > derived.absorbed) throw Violation{"I5: a derived table skipped ledger commits"};
    derived.absorbed = range.upto;
    ++derived.commits;
    return state;
  }

  State Optimize(State state) const {
    Node node = *state.log.back();
    node.entry.reset();
    for (OwnedFile& file : node.account.files) {
      file.add.path = fmt::format("{}o{}", file.add.path, state.optimizes_left);
      file.add.tags.clear();
      file.tag.reset();
      file.part = std::vector<RowRange>{{100, file.rows.value_or(0)}};  // others' rows lie before
    }
    node.print = "o" + PrintFiles(node.account);
    state.log.push_back(std::make_shared<Node>(std::move(node)));
    --state.optimizes_left;
    return state;
  }

  // -----------------------------------------------------------------------------------------------------
  // steps
  KeyAccount AccountAt(const State& state, const Loader& loader, Version version) const {
    KeyAccount account = state.log[version]->account;
    if (!rules_.file_records_for_keys_without_an_add && account.files.empty() &&
        account.last_at <= loader.known.last_at) {
      account.last.reset();
    }
    return account;
  }

  std::vector<Step> Steps(const State& state) const {
    std::vector<Step> steps;
    if (state.writes_left > 0) {
      for (const char content : world_.contents) {
        steps.push_back({fmt::format("customer puts {}", content), [&state, content] {
                           State after = state;
                           after.history += content;
                           --after.writes_left;
                           return after;
                         }});
      }
      if (state.history.back() != kAbsent) {
        steps.push_back({"customer deletes", [&state] {
                           State after = state;
                           after.history += kAbsent;
                           --after.writes_left;
                           return after;
                         }});
      }
    }
    if (state.optimizes_left > 0 && !state.log.back()->account.files.empty()) {
      steps.push_back({"OPTIMIZE by another program", [this, &state] { return Optimize(state); }});
    }
    for (int i = 0; i < world_.loaders; ++i) LoaderSteps(state, i, steps);
    return steps;
  }

  void LoaderSteps(const State& state, int i, std::vector<Step>& steps) const {
    const Loader& loader = state.loaders[i];
    const auto add = [&](const std::string& label, auto change) {
      steps.push_back({fmt::format("loader {} {}", i + 1, label), [&state, i, change] {
                         State after = state;
                         change(after, after.loaders[i]);
                         return after;
                       }});
    };
    if (loader.at != At::kIdle) add("crashes", [](State&, Loader& me) { me = Loader{}; });
    switch (loader.at) {
      case At::kIdle:
        if (!rules_.base_before_head) {
          add("HEADs before it refreshes", [this](State& s, Loader& me) {
            me.at = At::kHeaded;
            Look(s, me);
          });
        }
        add(fmt::format("refreshes to {}", state.latest()), [](State& s, Loader& me) {
          me.at = At::kRefreshed;
          me.base = me.state = s.latest();
          me.known.last_at = s.derived[1].absorbed;  // entries up to here are known from file_records only
        });
        break;
      case At::kHeaded:
        add(fmt::format("refreshes to {}, too late", state.latest()), [this](State& s, Loader& me) {
          me.base = me.state = s.latest();
          Decide(s, me);
        });
        break;
      case At::kRefreshed:
        add("HEADs", [this](State& s, Loader& me) {
          Look(s, me);
          Decide(s, me);
        });
        for (int table = 0; table < 2; ++table) {
          if (const auto range = PlanDerive(state.derived[table].absorbed, loader.state)) {
            add(fmt::format("reads the tail of derived table {}", table),
                [table, range](State& s, Loader& me) {
                  me.at = At::kDeriving;
                  me.table = table;
                  me.range = *range;
                  me.seen_commits = s.derived[table].commits;
                });
          }
        }
        break;
      case At::kReading:
        add("GETs", [this](State& s, Loader& me) { AfterGet(s, me); });
        break;
      case At::kReady:
        Put(state, loader, add);
        break;
      case At::kUnknown:
        ReadBack(state, loader, add);
        break;
      case At::kLost:
        add("reads the winners", [this](State& s, Loader& me) {
          me.state = s.latest();
          if (rules_.still_holds(*me.change, AccountAt(s, me, me.state), -1)) {
            me.at = At::kReady;
          } else {
            me = Loader{};
          }
        });
        break;
      case At::kDeriving:
        PutDerived(state, loader, add);
        break;
      case At::kDerivingUnknown:
        if (loader.landed) {
          add("reads the derived commit back: its own", [](State&, Loader& me) { me = Loader{}; });
        } else {
          add("reads the derived commit back: absent or another's",
              [](State&, Loader& me) { me = Loader{}; });
        }
        break;
    }
  }

  void Look(const State& state, Loader& me) const {
    me.head = Head(state);
    me.read_position = static_cast<int>(state.history.size()) - 1;
  }

  void Decide(const State& state, Loader& me) const {
    switch (rules_.plan(AccountAt(state, me, me.base), me.head, "")) {
      case Decision::kNothing:
        me = Loader{};
        return;
      case Decision::kLoad:
        me.at = At::kReading;
        return;
      case Decision::kDelete: {
        ReadOutcome gone;
        gone.entry.outcome = EntryOutcome::kDeleted;
        MakeChange(state, me, gone);
      }
    }
  }

  void AfterGet(const State& state, Loader& me) const {
    int position = me.read_position;
    if (!world_.versioned) {
      const auto now = Head(state);
      if (!now || (rules_.pinned && now->Identity() != me.head->Identity())) {
        me = Loader{};
        return;
      }
      position = static_cast<int>(state.history.size()) - 1;
    }
    me.read_position = position;
    MakeChange(state, me, Read(AccountAt(state, me, me.base), *me.head, state.history[position]));
  }

  void MakeChange(const State& state, Loader& me, const ReadOutcome& read) const {
    me.change = Prepare(AccountAt(state, me, me.base), me.base, read, Timestamp{});
    if (me.change) {
      me.at = At::kReady;
    } else {
      me = Loader{};
    }
  }

  template <typename AddStep>
  void Put(const State& state, const Loader& loader, const AddStep& add) const {
    if (state.latest() > loader.state) {
      add("refreshes before it commits", [this](State& s, Loader& me) {
        me.state = s.latest();
        if (!rules_.still_holds(*me.change, AccountAt(s, me, me.state), -1)) me = Loader{};
      });
      add(fmt::format("puts version {}: conflict", loader.state + 1),
          [](State&, Loader& me) { me.at = At::kLost; });
      return;
    }
    const std::string what = fmt::format(
        "puts version {} ({} {}, file_version {})", loader.state + 1, ToString(loader.change->entry.outcome),
        loader.change->entry.version.etag, loader.change->entry.file_version);
    add(what, [this](State& s, Loader& me) {
      s = Land(s, *me.change, me.read_position);
      me = Loader{};
    });
    if (!world_.lost_replies || loader.lost_one) return;
    add(what + ", it lands, the reply is lost",
        [this, index = &loader - state.loaders](State& s, Loader& me) {
          const Loader before = me;
          s = Land(s, *before.change, before.read_position);
          Loader& after = s.loaders[index];
          after.at = At::kUnknown;
          after.landed = after.lost_one = true;
        });
    add(what + ", it does not land, the reply is lost", [](State&, Loader& me) {
      me.at = At::kUnknown;
      me.landed = false;
      me.lost_one = true;
    });
  }

  template <typename AddStep>
  void ReadBack(const State& state, const Loader& loader, const AddStep& add) const {
    using delta::PutOutcome;
    const PutOutcome settled = loader.landed                   ? PutOutcome::kCommitted
                               : state.latest() > loader.state ? PutOutcome::kConflicted
                                                               : PutOutcome::kUnknown;
    add("reads its commit back", [this, settled](State& s, Loader& me) {
      switch (rules_.after_unknown(settled)) {
        case AfterPut::kDone:
          me = Loader{};
          break;
        case AfterPut::kReadWinners:
          me.at = At::kLost;
          break;
        case AfterPut::kPutAgain:
          me.at = At::kReady;
          if (settled == PutOutcome::kCommitted)
            me.state = s.latest();  // only without the rule: at the next version
          break;
        case AfterPut::kReadBack:
          break;
        case AfterPut::kPlanAgain:
          me = Loader{};
          break;
      }
    });
  }

  template <typename AddStep>
  void PutDerived(const State& state, const Loader& loader, const AddStep& add) const {
    if (state.derived[loader.table].commits == loader.seen_commits) {
      add("derives", [this](State& s, Loader& me) {
        const Loader before = me;
        s = Absorb(s, before.table, before.range);
        for (Loader& other : s.loaders) {
          if (&other - s.loaders == &me - s.loaders) other = Loader{};
        }
      });
      if (world_.lost_replies && !loader.lost_one) {
        add("derives, the reply is lost", [this, index = &loader - state.loaders](State& s, Loader& me) {
          const Loader before = me;
          s = Absorb(s, before.table, before.range);
          s.loaders[index].at = At::kDerivingUnknown;
          s.loaders[index].landed = true;
          s.loaders[index].lost_one = true;
        });
      }
    } else {
      add("derives: conflict", [this](State& s, Loader& me) {
        me.seen_commits = s.derived[me.table].commits;
        if (!rules_.recompute_derived_after_conflict) return;  // the same rows at the next version
        const auto range = PlanDerive(s.derived[me.table].absorbed, me.state);
        if (range) {
          me.range = *range;
        } else {
          me = Loader{};
        }
      });
    }
  }

  // ------------------------------------------------------- customers stop, one loader runs alone: I1, I5,
  // I6, an end
  void Settle(State state) {
    state.loaders[0] = state.loaders[1] = Loader{};
    state.writes_left = state.optimizes_left = 0;
    if (!settled_.insert(std::hash<std::string>()(state.Print())).second) return;
    for (int pass = 0;; ++pass) {
      if (pass == 4) throw Violation{"termination: committed again on every pass though nothing changes"};
      const Version before = state.latest();
      Loader& me = state.loaders[0];
      me = Loader{};
      me.at = At::kRefreshed;
      me.base = me.state = state.latest();
      me.known.last_at = state.derived[1].absorbed;
      Look(state, me);
      Decide(state, me);
      if (me.at == At::kReading) AfterGet(state, me);
      if (me.at == At::kReady) {
        const Loader ready = me;
        state = Land(state, *ready.change, ready.read_position);
      }
      if (state.latest() == before) break;
    }
    for (int table = 0; table < 2; ++table) {
      if (const auto range = PlanDerive(state.derived[table].absorbed, state.latest()))
        state = Absorb(state, table, *range);
    }
    const char now = state.history.back();
    const KeyAccount& account = state.log.back()->account;
    const char rows = account.files.empty() ? kAbsent : account.files[0].add.path[0];
    if (now != 'X' && rows != (now == 'E' ? kAbsent : now)) {
      throw Violation{fmt::format("I1: at rest the bucket holds {}, the snapshot {}", now, rows)};
    }
    const auto& record = state.record;
    if (now != kAbsent && (!record || record->version.Identity() != Head(state)->Identity())) {
      throw Violation{"I6: at rest file_records do not say the newest version"};
    }
    if (now == kAbsent && record && record->outcome != EntryOutcome::kDeleted) {
      throw Violation{"I6: at rest file_records do not say that the object is gone"};
    }
    if (now == 'X' && record->outcome != EntryOutcome::kHeld)
      throw Violation{"I6: at rest the bad file is not held"};
    // I5: each version the snapshot held is in raw exactly once
    std::string expected;
    for (const auto& node : state.log) {
      if (node->entry && node->entry->outcome == EntryOutcome::kLoaded) {
        expected += fmt::format("{}{},", node->entry->file_version, node->entry->version.etag);
      }
    }
    if (state.derived[0].held != expected) {
      throw Violation{
          fmt::format("I5: raw holds {}, the snapshot has held {}", state.derived[0].held, expected)};
    }
    if (!account.files.empty() && rows == now && record->outcome != EntryOutcome::kHeld &&
        account.files[0].file_version != record->file_version) {
      throw Violation{"I6: file_version in file_records is not that of the rows"};
    }
  }

  World world_;
  Rules rules_;
  std::unordered_map<std::size_t, std::pair<std::size_t, std::string>> parents_;
  std::unordered_set<std::size_t> settled_;
};

}  // namespace rtl::load::interleaving
