#include "load/repack_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "delta/bin_packing.h"
#include "delta/reconcile.h"

namespace rtl::load {
namespace {

std::int64_t UnownedRows(const FileIndex& index) {
  std::int64_t owned = 0;
  for (const FileIndex::Member& member : index.members) owned += RowsIn(member.ranges);
  return index.rows - owned;
}

std::map<std::string, std::vector<RowRange>> RangesByKey(const FileIndex& index) {
  std::map<std::string, std::vector<RowRange>> ranges;
  for (const FileIndex::Member& member : index.members) {
    std::vector<RowRange>& of_key = ranges[member.source_file];
    of_key.insert(of_key.end(), member.ranges.begin(), member.ranges.end());
  }
  return ranges;
}

bool IsSameFile(const delta::Add& a, const delta::Add& b) {
  return delta::LogicalFileKey(a) == delta::LogicalFileKey(b);
}

class TakingOut {
 public:
  TakingOut(const Ledger& ledger, Timestamp now, std::vector<delta::Action>& actions)
      : ledger_(ledger), now_(now), actions_(actions) {}

  // False when its rows were changed so that they cannot be told from those that were moved.
  bool Take(const RepackInput& input) { return input.own_key ? TakeOwn(input) : TakeShared(input); }

  Result<std::set<std::string>> Finish() && {
    for (const std::string& key : changed_) {
      if (!taken_.contains(key)) continue;
      return Fail(ErrorKind::kConflict,
                  fmt::format("another program moved some of the rows of {} meanwhile: run this again", key));
    }
    return std::move(changed_);
  }

 private:
  bool TakeOwn(const RepackInput& input) {
    const auto now = ledger_.state().files.Find(input.add.path);
    if (!now) {
      changed_.insert(*input.own_key);
      return true;
    }
    if (!IsSameFile(*now, input.add)) return false;
    taken_.insert(*input.own_key);
    actions_.emplace_back(delta::RemoveOf(input.add, MillisSinceEpoch(now_), false));
    return true;
  }

  bool TakeShared(const RepackInput& input) {
    const Ledger::Shared* now = ledger_.FindShared(input.add.path);
    const auto before = RangesByKey(input.index);
    if (now == nullptr) {
      for (const auto& [key, ranges] : before) changed_.insert(key);
      return UnownedRows(input.index) == 0;
    }
    if (IsSameFile(now->add, input.add)) {
      for (const auto& [key, ranges] : before) taken_.insert(key);
    } else {
      const FileIndex index = ledger_.IndexOf(input.add.path);
      if (UnownedRows(index) != UnownedRows(input.index)) return false;
      const auto left = RangesByKey(index);
      for (const auto& [key, ranges] : before) {
        const auto found = left.find(key);
        if (found == left.end()) {
          changed_.insert(key);
        } else if (found->second != ranges) {
          return false;
        } else {
          taken_.insert(key);
        }
      }
    }
    actions_.emplace_back(delta::RemoveOf(now->add, MillisSinceEpoch(now_), false));
    return true;
  }

  const Ledger& ledger_;
  Timestamp now_;
  std::vector<delta::Action>& actions_;
  std::set<std::string> changed_;
  std::set<std::string> taken_;  // keys with rows in what is taken out
};

RepackInput SharedInput(const Ledger& ledger, const Ledger::Shared& shared) {
  return {shared.add, std::nullopt, ledger.IndexOf(shared.add.path)};
}

// The files of single keys, by key.
std::vector<RepackInput> OwnInputs(const Ledger& ledger) {
  std::vector<std::pair<std::string, RepackInput>> inputs;
  ledger.ForEachKey([&](const std::string& source_file) {
    for (OwnedFile& file : ledger.Account(source_file).files) {
      if (!file.tag) continue;
      file.add.tags = ToTags(*file.tag);
      inputs.emplace_back(source_file, RepackInput{std::move(file.add), source_file, {}});
    }
  });
  std::ranges::sort(inputs, {},
                    [](const auto& input) { return std::pair(input.first, input.second.add.path); });
  std::vector<RepackInput> sorted;
  sorted.reserve(inputs.size());
  for (auto& [source_file, input] : inputs) sorted.push_back(std::move(input));
  return sorted;
}

std::vector<RepackInput> SharedInputs(const Ledger& ledger) {
  std::vector<RepackInput> inputs;
  ledger.ForEachShared([&](const Ledger::Shared& shared) { inputs.push_back(SharedInput(ledger, shared)); });
  return inputs;
}

}  // namespace

std::vector<RepackInput> InputsOfConversion(const Ledger& ledger, Layout to) {
  if (to == Layout::kPerFile) return SharedInputs(ledger);
  std::vector<RepackInput> chosen = OwnInputs(ledger);
  for (RepackInput& input : SharedInputs(ledger)) {
    if (!IsPacked(input.add)) chosen.push_back(std::move(input));
  }
  return chosen;
}

std::vector<RepackInput> WorthCompacting(const Ledger& ledger, const RepackOptions& options) {
  std::vector<RepackInput> chosen;
  std::vector<delta::Add> small;
  ledger.ForEachShared([&](const Ledger::Shared& shared) {
    if (!IsPacked(shared.add)) return;
    const std::int64_t gone = shared.add.deletion_vector ? shared.add.deletion_vector->cardinality : 0;
    if (static_cast<double>(gone) > options.max_dead * static_cast<double>(gone + shared.rows)) {
      chosen.push_back(SharedInput(ledger, shared));
    } else {
      small.push_back(shared.add);
    }
  });
  if (!chosen.empty()) {  // into the same new file
    std::erase_if(small, [&](const delta::Add& add) { return add.size >= options.target_bytes / 2; });
    for (const delta::Add& add : small) chosen.push_back(SharedInput(ledger, *ledger.FindShared(add.path)));
    return chosen;
  }
  const delta::PackOptions pack{.target_bytes = options.target_bytes,
                                .min_files = static_cast<std::int64_t>(options.min_small),
                                .amortised = options.amortised};
  for (const auto& bin : delta::PackBins(std::move(small), pack)) {
    for (const delta::Add& add : bin) chosen.push_back(SharedInput(ledger, *ledger.FindShared(add.path)));
  }
  return chosen;
}

Result<std::set<std::string>> TakeOutInputs(const std::vector<RepackInput>& inputs, const Ledger& ledger,
                                            Timestamp now, std::vector<delta::Action>& actions) {
  TakingOut taking(ledger, now, actions);
  for (const RepackInput& input : inputs) {
    if (taking.Take(input)) continue;
    return Fail(ErrorKind::kConflict,
                fmt::format("another program changed {} meanwhile: run this again", input.add.path));
  }
  return std::move(taking).Finish();
}

}  // namespace rtl::load
