// Follows an SQS queue that brings S3 events: directly, in SNS envelopes or from EventBridge.
//
// A message stays in the queue until all its keys have been handled (their change is committed), so that what
// a crash interrupts comes again. While it waits its visibility is extended; without that a slow commit would
// have the message given to somebody else. What comes twice, late or out of order is harmless: a hint only
// says where to look.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "aws/caller.h"
#include "aws/credentials.h"
#include "core/error.h"
#include "core/time.h"
#include "discover/event_scope.h"
#include "discover/hint.h"
#include "discover/notices.h"
#include "discover/sqs_client.h"
#include "http/client.h"

namespace rtl::discover {

struct SqsOptions {
  std::string queue_url;
  // Where messages go that were not understood `max_receives` times, when the queue itself has no
  // RedrivePolicy (which else does it). Empty: they stay until the queue forgets them, and that is told.
  std::string dlq_url;
  std::string endpoint;  // empty: that of the queue URL
  std::string region;    // where the queue URL names none
  EventScope scope;
  int receivers = 2;  // long polls at once
  int max_receives = 5;
  int max_in_flight = 1'000;  // messages taken and not handled; then no more are taken
  std::chrono::seconds visibility{60};
  std::chrono::milliseconds heartbeat{0};  // 0: half of the visibility
  std::chrono::seconds wait{20};           // of a long poll; SQS allows 20
};

struct SqsCounters {
  std::int64_t received = 0;     // messages, every delivery
  std::int64_t redelivered = 0;  // of these: not for the first time
  std::int64_t deleted = 0;
  std::int64_t hints = 0;
  std::int64_t ignored = 0;         // events that say nothing of content
  std::int64_t refused = 0;         // events of other buckets and prefixes
  std::int64_t repeated = 0;        // events of a key that the same message named before
  std::int64_t not_understood = 0;  // messages, every delivery
  std::int64_t dead_lettered = 0;   // by us
  std::int64_t given_up = 0;        // hints that came back unhandled
  std::int64_t released = 0;        // messages given back before their time
  std::int64_t extended = 0;        // visibility prolonged, once a message
  std::int64_t stale_receipts = 0;  // deletions and extensions that came too late
  std::int64_t errors = 0;          // of requests, after their retries
  std::int64_t in_flight = 0;       // now
};

// Threads of its own: the receivers, and one that deletes and extends.
class SqsSource {
 public:
  // Asks the queue about itself and for messages before it returns. kNotFound: no such queue;
  // kPermissionDenied: which action is not allowed; kBadConfig: a URL or a number that cannot be;
  // kUnavailable. `on_hint` and `on_notice` are called from the receivers' threads; `clock` must outlive it.
  static Result<std::unique_ptr<SqsSource>> Start(SqsOptions options, std::shared_ptr<http::Client> client,
                                                  std::shared_ptr<aws::CredentialsProvider> credentials,
                                                  std::shared_ptr<aws::RequestCounters> counters,
                                                  OnHint on_hint, OnNotice on_notice,
                                                  const Clock& clock = SystemClock());
  // Stop().
  ~SqsSource();
  SqsSource(const SqsSource&) = delete;
  SqsSource& operator=(const SqsSource&) = delete;

  // No more hints once it has returned; waits for an on_hint that still blocks. Deletes what was handled,
  // gives back at once what was not.
  void Stop();

  SqsCounters counters() const;
  const SqsQueueAttributes& attributes() const;  // as they were at the start

 private:
  class Reader;
  explicit SqsSource(std::unique_ptr<Reader> reader);
  std::unique_ptr<Reader> reader_;
};

// How long a message that was given up is hidden: not at all at first, then longer each time, so that a fault
// that stays does not use up its receives within a second. Pure.
std::chrono::seconds ReleaseDelay(int receives, std::chrono::seconds visibility);

}  // namespace rtl::discover
