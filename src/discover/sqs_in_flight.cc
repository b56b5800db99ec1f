#include "discover/sqs_in_flight.h"

#include <algorithm>
#include <utility>

namespace rtl::discover {

std::optional<SqsInFlight::Token> SqsInFlight::Add(const std::string& id, std::string receipt, int receives,
                                                   std::size_t hints, Time extend_at) {
  if (const auto known = by_id_.find(id); known != by_id_.end()) {
    Entry& entry = entries_.at(known->second);
    if (entry.left == 0 && !entry.all_handled) {  // the release is under way, and has had its effect
      entries_.erase(known->second);
      by_id_.erase(known);
      return Add(id, std::move(receipt), receives, hints, extend_at);
    }
    entry.receipt = std::move(receipt);
    entry.receives = receives;
    entry.lost = false;
    entry.extend_at = extend_at;
    return {};
  }
  const Token token = ++last_;
  entries_[token] = {
      .id = id, .receipt = std::move(receipt), .receives = receives, .left = hints, .extend_at = extend_at};
  by_id_[id] = token;
  return token;
}

void SqsInFlight::Done(Token token, bool handled) {
  const auto found = entries_.find(token);
  if (found == entries_.end() || found->second.left == 0) return;
  --found->second.left;
  found->second.all_handled = found->second.all_handled && handled;
}

std::vector<SqsInFlight::Item> SqsInFlight::Collect(std::size_t most, auto wanted) const {
  std::vector<Item> items;
  for (const auto& [token, entry] : entries_) {
    if (items.size() >= most) break;
    if (wanted(entry))
      items.push_back({.token = token, .receipt = entry.receipt, .receives = entry.receives});
  }
  return items;
}

std::vector<SqsInFlight::Item> SqsInFlight::ToDelete(std::size_t most) const {
  return Collect(most, [](const Entry& entry) { return entry.left == 0 && entry.all_handled; });
}

std::vector<SqsInFlight::Item> SqsInFlight::ToRelease(std::size_t most) const {
  return Collect(most, [](const Entry& entry) { return entry.left == 0 && !entry.all_handled; });
}

std::vector<SqsInFlight::Item> SqsInFlight::ToExtend(std::size_t most, Time now) const {
  return Collect(most,
                 [&](const Entry& entry) { return entry.left > 0 && !entry.lost && entry.extend_at <= now; });
}

void SqsInFlight::Extended(Token token, Time next) {
  if (const auto found = entries_.find(token); found != entries_.end()) found->second.extend_at = next;
}

void SqsInFlight::Lost(Token token) {
  if (const auto found = entries_.find(token); found != entries_.end()) found->second.lost = true;
}

void SqsInFlight::Remove(const Item& item) {
  const auto found = entries_.find(item.token);
  if (found == entries_.end() || found->second.receipt != item.receipt) return;
  by_id_.erase(found->second.id);
  entries_.erase(found);
}

void SqsInFlight::GiveUpAll() {
  for (auto& [token, entry] : entries_) {
    if (entry.left == 0) continue;
    entry.left = 0;
    entry.all_handled = false;
  }
}

std::size_t SqsInFlight::finished() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(entries_, [](const auto& entry) { return entry.second.left == 0; }));
}

std::optional<SqsInFlight::Time> SqsInFlight::next_extension() const {
  std::optional<Time> next;
  for (const auto& [token, entry] : entries_) {
    if (entry.left == 0 || entry.lost) continue;
    if (!next || entry.extend_at < *next) next = entry.extend_at;
  }
  return next;
}

}  // namespace rtl::discover
