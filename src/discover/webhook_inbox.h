// What the webhook does with a body, apart from how it came: trust, decode, filter, hand on. Blocks while SNS
// is asked and while the consumer has no room.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "discover/webhook.h"

namespace rtl::discover {

// The hints of one message that are not handled yet.
class Outstanding {
 public:
  explicit Outstanding(std::size_t count) : left_(count) {}

  void Done(bool handled);
  // Calls `wake` once when nothing is left, from the thread that says so, unless Forget() comes first.
  // False: nothing was left already, and `wake` is not called.
  bool WakeWhenDone(std::function<void()> wake);
  void Forget();
  // Nothing left, and all of it handled.
  bool handled() const;

 private:
  mutable std::mutex mutex_;
  std::size_t left_;
  bool all_ = true;
  std::function<void()> wake_;
};

struct WebhookAnswer {
  int status = 200;
  std::string body;                          // JSON
  std::shared_ptr<Outstanding> outstanding;  // with status 200: hints that are under way; may be null
};

class WebhookInbox {
 public:
  WebhookInbox(WebhookOptions options, EventScope scope, std::shared_ptr<http::Client> client, OnHint on_hint,
               OnNotice on_notice, const Clock& clock);

  // `head` and `trust` as TrustOf() judged them; not kRefused. Threads: any.
  WebhookAnswer Take(const WebhookHead& head, Trust trust, const std::string& body, std::stop_token stop);

  void CountRequest();
  void Reject(std::string_view why);  // counts a 401 or 403, and says so
  WebhookCounters counters() const;

 private:
  struct Shared;  // outlives the inbox in the hands of `done`
  WebhookAnswer TakeSns(const std::string& body, std::stop_token stop);
  WebhookAnswer TakeEvents(const std::string& body);

  const WebhookOptions options_;
  const EventScope scope_;
  const OnHint on_hint_;
  Notices notices_;
  SnsInbox sns_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace rtl::discover
