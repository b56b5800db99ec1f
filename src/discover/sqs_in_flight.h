// The messages that a reader of a queue has in hand, and what is to be done about each. No I/O, no locks, the
// time is an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace rtl::discover {

class SqsInFlight {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Token = std::int64_t;
  struct Item {
    Token token = 0;
    std::string receipt;
    int receives = 1;
  };

  // A message with `hints` hints to come (0: nothing to wait for, it is to be deleted). Absent: this message
  // is in hand already, from an earlier delivery that expired; its receipt is the new one from now on. One
  // that is being released counts as gone.
  std::optional<Token> Add(const std::string& id, std::string receipt, int receives, std::size_t hints,
                           Time extend_at);
  // One of its hints came back. A token that is not known any more is passed over.
  void Done(Token token, bool handled);

  // All hints handled: to be deleted.
  std::vector<Item> ToDelete(std::size_t most) const;
  // All hints back, one or more of them given up: to be seen again by somebody.
  std::vector<Item> ToRelease(std::size_t most) const;
  // Still waiting and due for a longer visibility.
  std::vector<Item> ToExtend(std::size_t most, Time now) const;

  void Extended(Token token, Time next);
  // The queue no longer takes its receipt: no more extensions; it will come again.
  void Lost(Token token);
  // Deleted or released by this receipt. If the message came again meanwhile, it stays, under its new one.
  void Remove(const Item& item);
  // At the end: whatever waits is given up.
  void GiveUpAll();

  std::size_t size() const { return entries_.size(); }
  std::size_t finished() const;  // to be deleted or released
  std::optional<Time> next_extension() const;

 private:
  struct Entry {
    std::string id;
    std::string receipt;
    int receives = 1;
    std::size_t left = 0;
    bool all_handled = true;
    bool lost = false;
    Time extend_at;
  };
  std::vector<Item> Collect(std::size_t most, auto wanted) const;

  std::map<Token, Entry> entries_;
  std::unordered_map<std::string, Token> by_id_;
  Token last_ = 0;
};

}  // namespace rtl::discover
