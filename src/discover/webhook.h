// An HTTP server that takes events: S3 notifications (as MinIO and versitygw post them), EventBridge API
// destinations, SNS.
//
//   POST <path>    a body that DecodeEnvelope() understands
//     200  taken: {"keys":2,"ignored":0,"refused":0}         400  not understood
//     401  no credentials or wrong ones                      403  an SNS message that is not to be trusted
//     413  a body over max_body_bytes                        429  too much under way: again later
//     503  given up or not done in time (Answer::kHandled), SNS's certificate not to be had: again later
//   GET /healthz   200, for anybody
//   404, 405, 431, and 400 for what is no HTTP, as usual
//
// It speaks plain HTTP: TLS is the load balancer's or the reverse proxy's in front of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/error.h"
#include "core/time.h"
#include "discover/event_scope.h"
#include "discover/hint.h"
#include "discover/notices.h"
#include "discover/sns_inbox.h"
#include "discover/webhook_auth.h"
#include "http/client.h"

namespace rtl::discover {

struct WebhookOptions {
  // When is a message answered with 200? Once its keys are taken: fast, and what a crash then loses the next
  // listing finds. Or once all of them are handled: senders wait (EventBridge gives up after five seconds),
  // and send again what was not.
  enum class Answer { kTaken, kHandled };

  std::string address = "127.0.0.1";  // an IP address to listen on
  std::uint16_t port = 0;             // 0: a free one
  std::string path = "/events";
  WebhookAuth auth;
  std::function<bool(std::string_view url)> is_sns_url = IsSnsUrl;
  Answer answer = Answer::kTaken;
  std::chrono::milliseconds handle_timeout{4'000};  // with kHandled: 503 after it
  std::int64_t max_body_bytes = 1 << 20;
  int max_connections = 256;                       // more wait in the listen queue
  int max_under_way = 10'000;                      // keys that are taken and not handled; then 429
  std::chrono::milliseconds read_timeout{10'000};  // for a head, and for a body; also for an answer to go out
};

struct WebhookCounters {
  std::int64_t requests = 0;  // POSTs to the path, of whatever outcome
  std::int64_t hints = 0;
  std::int64_t ignored = 0;         // events that say nothing of content
  std::int64_t refused = 0;         // events of other buckets and prefixes
  std::int64_t repeated = 0;        // events of a key that the same message named before
  std::int64_t not_understood = 0;  // messages
  std::int64_t unauthorized = 0;    // 401 and 403
  std::int64_t throttled = 0;       // 429
  std::int64_t given_up = 0;        // hints that came back unhandled
};

class Webhook {
 public:
  // Listens when this returns. kBadConfig: without auth on an address that is not loopback, an address or a
  // port that cannot be used. `client` is for SNS alone (certificates, confirmations); `clock` must outlive
  // the server. `on_hint` and `on_notice` are called from the
  // server's threads.
  static Result<std::unique_ptr<Webhook>> Start(WebhookOptions options, EventScope scope,
                                                std::shared_ptr<http::Client> client, OnHint on_hint,
                                                OnNotice on_notice, const Clock& clock = SystemClock());
  // Stops listening, closes all connections, joins the threads; waits for an on_hint that still blocks.
  ~Webhook();
  Webhook(const Webhook&) = delete;
  Webhook& operator=(const Webhook&) = delete;

  std::uint16_t port() const;
  WebhookCounters counters() const;

 private:
  class Server;
  explicit Webhook(std::unique_ptr<Server> server);
  std::unique_ptr<Server> server_;
};

}  // namespace rtl::discover
