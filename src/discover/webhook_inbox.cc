#include "discover/webhook_inbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/json_writer.h"
#include "discover/s3_event.h"

namespace rtl::discover {
namespace {

WebhookAnswer Refusal(int status, std::string_view reason) {
  return {.status = status,
          .body = std::move(JsonWriter().BeginObject().Key("error").String(reason).EndObject()).Take()};
}

int StatusOf(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::kPermissionDenied:
      return 403;
    case ErrorKind::kUnavailable:
      return 503;
    default:
      return 400;
  }
}

}  // namespace

void Outstanding::Done(bool handled) {
  std::function<void()> wake;
  {
    const std::lock_guard lock(mutex_);
    all_ = all_ && handled;
    if (left_ > 0) --left_;
    if (left_ > 0) return;
    // under the lock: after Forget() has returned no wake runs
    if (wake_) std::exchange(wake_, {})();
  }
}

bool Outstanding::WakeWhenDone(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  if (left_ == 0) return false;
  wake_ = std::move(wake);
  return true;
}

void Outstanding::Forget() {
  const std::lock_guard lock(mutex_);
  wake_ = {};
}

bool Outstanding::handled() const {
  const std::lock_guard lock(mutex_);
  return left_ == 0 && all_;
}

struct WebhookInbox::Shared {
  std::mutex mutex;
  WebhookCounters counters;
  std::int64_t under_way = 0;
};

WebhookInbox::WebhookInbox(WebhookOptions options, EventScope scope, std::shared_ptr<http::Client> client,
                           OnHint on_hint, OnNotice on_notice, const Clock& clock)
    : options_(std::move(options)),
      scope_(std::move(scope)),
      on_hint_(std::move(on_hint)),
      notices_(std::move(on_notice)),
      sns_({.topics = options_.auth.sns_topics, .is_trusted_url = options_.is_sns_url}, std::move(client),
           clock),
      shared_(std::make_shared<Shared>()) {}

void WebhookInbox::CountRequest() {
  const std::lock_guard lock(shared_->mutex);
  ++shared_->counters.requests;
}

void WebhookInbox::Reject(std::string_view why) {
  {
    const std::lock_guard lock(shared_->mutex);
    ++shared_->counters.unauthorized;
  }
  notices_.Say("unauthorized", fmt::format("webhook: a request was refused: {}", why));
}

WebhookCounters WebhookInbox::counters() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->counters;
}

WebhookAnswer WebhookInbox::Take(const WebhookHead& head, Trust trust, const std::string& body,
                                 std::stop_token stop) {
  if (trust == Trust::kBySns) return TakeSns(body, std::move(stop));
  if (trust == Trust::kByHmac && !HmacMatches(options_.auth, head.hmac, body)) {
    constexpr std::string_view kReason = "the body's HMAC is not as the header says";
    Reject(kReason);
    return Refusal(401, kReason);
  }
  return TakeEvents(body);
}

WebhookAnswer WebhookInbox::TakeSns(const std::string& body, std::stop_token stop) {
  const auto message = sns_.Open(body, stop);
  if (!message) {
    const int status = StatusOf(message.error());
    if (status == 403) {
      Reject(message.error().message());
    } else {
      notices_.Say("sns",
                   fmt::format("webhook: an SNS message was not taken: {}", message.error().message()));
    }
    return Refusal(status, message.error().message());
  }
  switch (message->type) {
    case SnsMessage::Type::kNotification:
      return TakeEvents(message->message);
    case SnsMessage::Type::kSubscriptionConfirmation:
      if (const auto confirmed = sns_.Confirm(*message, std::move(stop)); !confirmed) {
        notices_.Say("confirm", fmt::format("webhook: the subscription to {} could not be confirmed: {}",
                                            message->topic_arn, confirmed.error().message()));
        return Refusal(StatusOf(confirmed.error()), confirmed.error().message());
      }
      notices_.Say("confirmed",
                   fmt::format("webhook: the subscription to {} is confirmed", message->topic_arn));
      return {.body = R"({"confirmed":true})"};
    case SnsMessage::Type::kUnsubscribeConfirmation:
      notices_.Say("unsubscribed", fmt::format("webhook: unsubscribed from {}", message->topic_arn));
      return {.body = "{}"};
  }
  return Refusal(400, "an SNS message of another type");
}

WebhookAnswer WebhookInbox::TakeEvents(const std::string& body) {
  // A batch of SQS in a body has several messages; here they are acknowledged as one.
  EventMessage message;
  for (EventMessage& part : DecodeEnvelope(body).messages) {
    if (message.problem.empty()) message.problem = std::move(part.problem);
    std::ranges::move(part.events, std::back_inserter(message.events));
  }
  const ScopedKeys scoped = KeysOf(message, scope_);
  {
    const std::lock_guard lock(shared_->mutex);
    WebhookCounters& counters = shared_->counters;
    if (shared_->under_way >= options_.max_under_way && !scoped.keys.empty()) {
      ++counters.throttled;
      return Refusal(429, "too much is under way");
    }
    shared_->under_way += static_cast<std::int64_t>(scoped.keys.size());
    counters.hints += static_cast<std::int64_t>(scoped.keys.size());
    counters.ignored += scoped.ignored;
    counters.repeated += scoped.repeated;
    counters.refused += static_cast<std::int64_t>(scoped.refused.size());
    if (!message.problem.empty()) ++counters.not_understood;
  }
  auto outstanding = std::make_shared<Outstanding>(scoped.keys.size());
  for (const ScopedKey& scoped_key : scoped.keys) {
    on_hint_({.key = scoped_key.key,
              .event_time = scoped_key.time,
              .done = [outstanding, shared = shared_](bool handled) {
                {
                  const std::lock_guard lock(shared->mutex);
                  --shared->under_way;
                  if (!handled) ++shared->counters.given_up;
                }
                outstanding->Done(handled);
              }});
  }
  if (!scoped.refused.empty()) {
    notices_.Say("refused", fmt::format("webhook: an event was refused: {}", scoped.refused[0].reason));
  }
  if (!message.problem.empty()) {
    notices_.Say("problem", fmt::format("webhook: {}", message.problem));
    return Refusal(400, message.problem);
  }
  JsonWriter json;
  json.BeginObject().Key("keys").Int(static_cast<std::int64_t>(scoped.keys.size()));
  json.Key("ignored").Int(scoped.ignored);
  json.Key("refused").Int(static_cast<std::int64_t>(scoped.refused.size())).EndObject();
  return {.body = std::move(json).Take(), .outstanding = std::move(outstanding)};
}

}  // namespace rtl::discover
